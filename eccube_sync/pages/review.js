"use strict";
// The reviewer's page: shows one question at a time, keeps the answers, saves them as a file that
// `review import` reads. Data enter the page as text only (textContent), never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, cases } = data;
  const at = (id) => document.getElementById(id);
  const place = `eccube-sync review ${data.export}`;

  const answers = new Map(); // case id → { decision, note }
  const past = []; // what a click changed, newest last
  let reviewer = "";
  let current = 0;
  let filter = "all";
  let unsaved = false;
  let keeps = true; // whether the browser keeps our work over a reload

  // --- keeping the work ---------------------------------------------------------------------------

  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify({ reviewer, answers: [...answers] }));
      keeps = true;
    } catch {
      keeps = false;
    }
  }

  function restore() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(place));
    } catch {
      // Nothing was kept, or somebody else's text stands there: begin anew.
    }
    const known = new Map(cases.map((one) => [one.id, choices(one)]));
    reviewer = String(kept?.reviewer ?? "");
    for (const [id, answer] of Array.isArray(kept?.answers) ? kept.answers : []) {
      const note = String(answer?.note ?? "");
      const decision = known.get(id)?.includes(answer?.decision) ? answer.decision : "";
      if (known.has(id) && (decision || note)) answers.set(id, { decision, note });
    }
    unsaved = decided().length > 0;
    keep();
  }

  // --- questions ----------------------------------------------------------------------------------

  const choices = (one) => (one.pair ? data.pair_decisions : data.single_decisions);
  const decisionOf = (one) => answers.get(one.id)?.decision ?? "";
  const decided = () => cases.filter((one) => decisionOf(one));
  const shown = (one) => filter === "all" || decisionOf(one) === (filter === "undecided" ? "" : filter);

  // The next question from here on that fits, going round at the end; -1 where none does.
  function look(step, fits, from = current) {
    for (let seen = 1; seen <= cases.length; seen += 1) {
      const index = (from + step * seen + cases.length * seen) % cases.length;
      if (fits(cases[index])) return index;
    }
    return -1;
  }

  function go(step, fits = shown) {
    const found = look(step, fits);
    if (found >= 0) current = found;
    show();
  }

  function skip() {
    const undecided = (one) => !decisionOf(one);
    if (look(1, undecided) < 0) say(words.all_decided);
    else {
      if (filter !== "all" && filter !== "undecided") choose_filter("all");
      go(1, undecided);
    }
  }

  // --- answers ------------------------------------------------------------------------------------

  function decide(decision) {
    const one = cases[current];
    if (at("case").hidden || !choices(one).includes(decision)) return;
    const before = answers.get(one.id);
    const taken_back = before?.decision === decision; // the same answer once more takes it back
    past.push({ index: current, before });
    write(one, { decision: taken_back ? "" : decision, note: before?.note ?? "" });
    say("");
    const next = look(1, (other) => !decisionOf(other));
    if (next < 0) say(words.all_decided);
    else if (!taken_back) current = next;
    show();
  }

  function undo() {
    const step = past.pop();
    if (!step) return;
    write(cases[step.index], step.before);
    current = step.index;
    if (!shown(cases[current])) choose_filter("all");
    say("");
    show();
  }

  function write(one, answer) {
    if (answer && (answer.decision || answer.note)) answers.set(one.id, answer);
    else answers.delete(one.id);
    unsaved = true;
    keep();
  }

  // --- what is seen -------------------------------------------------------------------------------

  function say(text, alarm = false) {
    at("status").textContent = text || (keeps ? words.kept : words.not_kept);
    at("status").classList.toggle("alarm", alarm || (!text && !keeps));
  }

  function show() {
    const done = decided().length;
    at("progress").max = cases.length;
    at("progress").value = done;
    at("count").textContent = `${done} / ${cases.length}`;
    at("undo").disabled = !past.length;
    if (!shown(cases[current])) current = Math.max(look(1, shown), 0);
    const visible = shown(cases[current]);
    at("case").hidden = !visible;
    at("nothing").hidden = visible;
    if (visible) show_case(cases[current]);
  }

  function show_case(one) {
    at("place").textContent = `${current + 1} / ${cases.length} · ${one.id}`;
    at("answered").textContent = words.decisions[decisionOf(one)] ?? words.undecided;
    at("question").textContent = one.question;
    at("reasons").textContent = [one.reasons, one.probability].filter(Boolean).join(" ");
    at("fields").replaceChildren(...one.fields.map(row));
    at("note").value = answers.get(one.id)?.note ?? "";
    const same = cases.some((other) => other !== one && other.group === one.group && decisionOf(other) === "same");
    at("warning").hidden = !(one.pair && same);
    for (const button of document.querySelectorAll("[data-decision]")) {
      const number = choices(one).indexOf(button.dataset.decision) + 1;
      button.hidden = !number;
      button.querySelector("kbd").textContent = number;
      button.setAttribute("aria-pressed", String(button.dataset.decision === decisionOf(one)));
    }
  }

  function row([title, customer, member, differs]) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = title;
    line.append(head, cell(customer, member, differs), cell(member, customer, differs));
    return line;
  }

  // A value; where both sides differ, the part of it that the other does not have stands out.
  function cell(text, other, differs) {
    const box = document.createElement("td");
    if (!differs) {
      box.textContent = text;
      return box;
    }
    box.className = "differs";
    const [mine, theirs] = [[...text], [...other]];
    let start = 0;
    while (start < mine.length && mine[start] === theirs[start]) start += 1;
    let end = 0;
    while (end < Math.min(mine.length, theirs.length) - start && mine.at(-1 - end) === theirs.at(-1 - end)) end += 1;
    const marked = document.createElement("mark");
    marked.textContent = mine.slice(start, mine.length - end).join("");
    box.append(mine.slice(0, start).join(""), marked, mine.slice(mine.length - end).join(""));
    return box;
  }

  // --- the file -----------------------------------------------------------------------------------

  // Spreadsheets must not take a cell for a formula; the import takes the apostrophe off again.
  const inert = (text) => (/^[\s\p{C}]*['=+\-@|%−]/u.test(text.normalize("NFKC")) ? `'${text}` : text);
  const quoted = (text) => `"${inert(text).replaceAll('"', '""')}"`;

  function save() {
    const chosen = decided();
    if (!chosen.length) {
      say(words.nothing_to_save, true);
      return;
    }
    const lines = chosen.map((one) => {
      const { decision, note } = answers.get(one.id);
      return [words.decisions[decision], note, reviewer, one.id, one.token];
    });
    const text = [data.header, ...lines].map((cells) => cells.map(quoted).join(",")).join("\r\n");
    const url = URL.createObjectURL(new Blob([`\ufeff${text}\r\n`], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `review-decisions-${data.export}-${chosen.length}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    unsaved = false;
    say(words.saved.replace("{count}", chosen.length).replace("{file}", link.download));
  }

  // --- mouse and keyboard -------------------------------------------------------------------------

  function choose_filter(value) {
    filter = value;
    at("filter").value = value;
  }

  // By the key's place, so that a Japanese input method or full-width digits do not matter.
  const keys = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    KeyK: () => go(-1),
    KeyJ: () => go(1),
    KeyN: skip,
    KeyU: undo,
    KeyS: save,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("input, select")) {
      if (event.code === "Escape" || (event.code === "Enter" && !event.isComposing)) event.target.blur();
      return;
    }
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const action = digit ? () => decide(choices(cases[current])[digit[1] - 1]) : keys[event.code];
    if (!action) return;
    event.preventDefault();
    action();
  });

  for (const button of document.querySelectorAll("[data-decision]")) {
    button.addEventListener("click", () => decide(button.dataset.decision));
  }
  at("previous").addEventListener("click", () => go(-1));
  at("next").addEventListener("click", () => go(1));
  at("skip").addEventListener("click", skip);
  at("undo").addEventListener("click", undo);
  at("save").addEventListener("click", save);
  at("filter").addEventListener("change", (event) => {
    filter = event.target.value;
    show();
  });
  at("note").addEventListener("input", (event) => {
    write(cases[current], { decision: decisionOf(cases[current]), note: event.target.value });
  });
  at("reviewer").addEventListener("input", (event) => {
    reviewer = event.target.value;
    keep();
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved && !keeps) event.preventDefault();
  });

  restore();
  at("reviewer").value = reviewer;
  const first = cases.findIndex((one) => !decisionOf(one));
  current = Math.max(first, 0);
  say("");
  show();
})();
