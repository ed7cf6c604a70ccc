"""The promises of this program, and their proof: `ls` reads as the list of them.

A promise is kept by a module of its own, or a few that belong together by one module, named in the promise's
words: ``test_killed_anywhere_one_rerun_heals.py``. Its numbers (P1 to P30, docs/explanation/promises.md) stand in
its mark: ``pytestmark = pytest.mark.promise("P1", "P2")``; a mark on a test stands in place of its module's.

Each module has a short version, which runs with all tests, and a campaign, which takes its time: the same tests,
with the larger numbers that ``scale`` gives them. ``make campaign`` plays all campaigns, ``make campaign PROMISE=P1``
one; what was found goes line by line into build/campaign.jsonl, and a campaign that was broken off goes on there.
"""
