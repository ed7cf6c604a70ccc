-- Our own tables on sqlite, as eccube_sync/tables/ defines them. Made by `make schema`; do not edit.
-- For reading; the program makes them with `eccube-sync migrate`. The schema eccube_sync has the name that
-- [database] own gives it.

CREATE TABLE eccube_sync.guard_approval (
    id INTEGER NOT NULL,
    approved_for DATE NOT NULL,
    downgrades INTEGER NOT NULL,
    actor VARCHAR(190) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_guard_approval PRIMARY KEY (id)
);

CREATE TABLE eccube_sync.installation (
    id SMALLINT NOT NULL,
    install_id VARCHAR(36) NOT NULL,
    database_name VARCHAR(255) NOT NULL,
    run_counter INTEGER DEFAULT '0' NOT NULL,
    first_classify_run_id INTEGER,
    matched_run_id INTEGER DEFAULT '0' NOT NULL,
    policy_hash VARCHAR(64),
    created_at DATETIME NOT NULL,
    carded_run_id INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_installation PRIMARY KEY (id)
);

CREATE TABLE eccube_sync.mail_count (
    minute INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    CONSTRAINT pk_mail_count PRIMARY KEY (minute)
);

CREATE TABLE eccube_sync.match_key (
    key_hash INTEGER NOT NULL,
    side SMALLINT NOT NULL,
    subject_id INTEGER NOT NULL,
    CONSTRAINT pk_match_key PRIMARY KEY (key_hash, side, subject_id)
);

CREATE INDEX eccube_sync.ix_match_key_side_subject_id ON match_key (side, subject_id);

CREATE TABLE eccube_sync.run (
    id INTEGER NOT NULL,
    command VARCHAR(32) NOT NULL,
    today DATE NOT NULL,
    state VARCHAR(16) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    actor VARCHAR(190) NOT NULL,
    program_version VARCHAR(32) NOT NULL,
    counts TEXT,
    failure VARCHAR(500),
    undoes_run_id INTEGER,
    undone_by_run_id INTEGER,
    CONSTRAINT pk_run PRIMARY KEY (id),
    CONSTRAINT fk_run_undoes_run_id FOREIGN KEY(undoes_run_id) REFERENCES run (id),
    CONSTRAINT fk_run_undone_by_run_id FOREIGN KEY(undone_by_run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_run_state_command ON run (state, command);

CREATE INDEX eccube_sync.ix_run_undoes_run_id ON run (undoes_run_id);

CREATE TABLE eccube_sync.scored_pair (
    customer_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    bits FLOAT NOT NULL,
    probability FLOAT NOT NULL,
    flags INTEGER NOT NULL,
    reasons VARCHAR(500) DEFAULT '[]' NOT NULL,
    CONSTRAINT pk_scored_pair PRIMARY KEY (customer_id, member_id)
);

CREATE INDEX eccube_sync.ix_scored_pair_member_id ON scored_pair (member_id);

CREATE TABLE eccube_sync.source (
    id INTEGER NOT NULL,
    source_key VARCHAR(64) NOT NULL,
    name VARCHAR(190) NOT NULL,
    taken_at DATETIME,
    CONSTRAINT pk_source PRIMARY KEY (id),
    CONSTRAINT uq_source_source_key UNIQUE (source_key)
);

CREATE TABLE eccube_sync.staged_member (
    run_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    store_key VARCHAR(64) NOT NULL,
    member_id INTEGER,
    replaces_member_id INTEGER,
    code VARCHAR(64),
    number VARCHAR(64),
    family_name VARCHAR(255) DEFAULT '' NOT NULL,
    given_name VARCHAR(255) DEFAULT '' NOT NULL,
    full_name VARCHAR(255) DEFAULT '' NOT NULL,
    family_kana VARCHAR(255) DEFAULT '' NOT NULL,
    given_kana VARCHAR(255) DEFAULT '' NOT NULL,
    full_kana VARCHAR(255) DEFAULT '' NOT NULL,
    address VARCHAR(255) DEFAULT '' NOT NULL,
    postal_code VARCHAR(32) DEFAULT '' NOT NULL,
    phone VARCHAR(32) DEFAULT '' NOT NULL,
    mobile VARCHAR(32) DEFAULT '' NOT NULL,
    emails VARCHAR(800) DEFAULT '' NOT NULL,
    birth_date DATE,
    sex VARCHAR(8) DEFAULT '' NOT NULL,
    joined_on DATE,
    left_on DATE,
    last_visit_on DATE,
    end_date DATE,
    unlimited BOOLEAN DEFAULT '0' NOT NULL,
    status VARCHAR(16) NOT NULL,
    store_code VARCHAR(64) DEFAULT '' NOT NULL,
    rank_code VARCHAR(64) DEFAULT '' NOT NULL,
    rank_name VARCHAR(64) DEFAULT '' NOT NULL,
    member_type VARCHAR(64) DEFAULT '' NOT NULL,
    link_code_serial VARCHAR(64) DEFAULT '' NOT NULL,
    points INTEGER,
    points_expire_on DATE,
    mail_allowed BOOLEAN,
    repairs VARCHAR(255) DEFAULT '' NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    row_digest VARCHAR(32),
    row_newest DATETIME,
    pin_hash VARCHAR(80) DEFAULT '' NOT NULL,
    CONSTRAINT pk_staged_member PRIMARY KEY (run_id, line)
);

CREATE TABLE eccube_sync.suspended_address (
    address_hash VARCHAR(64) NOT NULL,
    reason VARCHAR(64) NOT NULL,
    notice_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_suspended_address PRIMARY KEY (address_hash)
);

CREATE TABLE eccube_sync.card_state (
    customer_id INTEGER NOT NULL,
    digest VARCHAR(64) NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_card_state PRIMARY KEY (customer_id),
    CONSTRAINT fk_card_state_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.code_batch (
    id INTEGER NOT NULL,
    label VARCHAR(190) NOT NULL,
    code_count INTEGER NOT NULL,
    expires_on DATE NOT NULL,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_code_batch PRIMARY KEY (id),
    CONSTRAINT fk_code_batch_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.customer (
    id INTEGER NOT NULL,
    eccube_id INTEGER NOT NULL,
    eccube_created_at DATETIME NOT NULL,
    state VARCHAR(16) NOT NULL,
    current SMALLINT,
    fingerprint VARCHAR(64) NOT NULL,
    first_run_id INTEGER NOT NULL,
    changed_run_id INTEGER NOT NULL,
    row_digest VARCHAR(32),
    CONSTRAINT pk_customer PRIMARY KEY (id),
    CONSTRAINT uq_customer_eccube_id_current UNIQUE (eccube_id, current),
    CONSTRAINT fk_customer_first_run_id FOREIGN KEY(first_run_id) REFERENCES run (id),
    CONSTRAINT fk_customer_changed_run_id FOREIGN KEY(changed_run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.customer_class (
    customer_id INTEGER NOT NULL,
    membership_class VARCHAR(16) NOT NULL,
    reason VARCHAR(64) NOT NULL,
    member_id INTEGER,
    end_date DATE,
    valid_through DATE,
    unconfirmed BOOLEAN DEFAULT '0' NOT NULL,
    since DATE NOT NULL,
    due_on DATE,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_customer_class PRIMARY KEY (customer_id),
    CONSTRAINT fk_customer_class_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_customer_class_due_on ON customer_class (due_on);

CREATE INDEX eccube_sync.ix_customer_class_valid_through ON customer_class (valid_through);

CREATE TABLE eccube_sync.inbox_row (
    id INTEGER NOT NULL,
    row_key VARCHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    eccube_id INTEGER,
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(64),
    actor VARCHAR(190),
    received_at DATETIME NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_inbox_row PRIMARY KEY (id),
    CONSTRAINT uq_inbox_row_row_key UNIQUE (row_key),
    CONSTRAINT fk_inbox_row_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_inbox_row_eccube_id ON inbox_row (eccube_id);

CREATE INDEX eccube_sync.ix_inbox_row_state ON inbox_row (state);

CREATE TABLE eccube_sync.journal (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    subject VARCHAR(32) NOT NULL,
    subject_id INTEGER NOT NULL,
    field VARCHAR(32) NOT NULL,
    old_value VARCHAR(190),
    new_value VARCHAR(190),
    reason VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_journal PRIMARY KEY (id),
    CONSTRAINT fk_journal_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_journal_run_id ON journal (run_id);

CREATE INDEX eccube_sync.ix_journal_subject_subject_id ON journal (subject, subject_id);

CREATE TABLE eccube_sync.match_model (
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_match_model PRIMARY KEY (id),
    CONSTRAINT fk_match_model_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.member_import (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    format_key VARCHAR(32) NOT NULL,
    encoding VARCHAR(32) NOT NULL,
    partial BOOLEAN NOT NULL,
    taken_at DATETIME NOT NULL,
    row_count INTEGER NOT NULL,
    counts TEXT NOT NULL,
    fill_rates TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    CONSTRAINT pk_member_import PRIMARY KEY (id),
    CONSTRAINT fk_member_import_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_member_import_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_member_import_source_id_sha256 ON member_import (source_id, sha256);

CREATE TABLE eccube_sync.projection_state (
    projection_key VARCHAR(190) NOT NULL,
    customer_id INTEGER NOT NULL,
    wanted_class VARCHAR(16) NOT NULL,
    written_class VARCHAR(16),
    written_value VARCHAR(255),
    state VARCHAR(16) NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_projection_state PRIMARY KEY (projection_key, customer_id),
    CONSTRAINT fk_projection_state_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_projection_state_projection_key_state ON projection_state (projection_key, state);

CREATE TABLE eccube_sync.review_export (
    id INTEGER NOT NULL,
    export_key VARCHAR(32) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    case_count INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_review_export PRIMARY KEY (id),
    CONSTRAINT fk_review_export_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.store (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    code VARCHAR(64) NOT NULL,
    name VARCHAR(190) DEFAULT '' NOT NULL,
    CONSTRAINT pk_store PRIMARY KEY (id),
    CONSTRAINT uq_store_source_id_code UNIQUE (source_id, code),
    CONSTRAINT fk_store_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE eccube_sync.undone_pair (
    customer_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    customer_fingerprint VARCHAR(64) NOT NULL,
    member_fingerprint VARCHAR(64) NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_undone_pair PRIMARY KEY (customer_id, member_id, customer_fingerprint, member_fingerprint),
    CONSTRAINT fk_undone_pair_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.claim (
    id INTEGER NOT NULL,
    claim_key VARCHAR(64) NOT NULL,
    eccube_id INTEGER NOT NULL,
    customer_id INTEGER,
    kind VARCHAR(16) NOT NULL,
    code_hash VARCHAR(64) NOT NULL,
    link_code_id INTEGER,
    state VARCHAR(24) NOT NULL,
    reason VARCHAR(64),
    received_at DATETIME NOT NULL,
    decided_at DATETIME,
    run_id INTEGER NOT NULL,
    card_number VARCHAR(64) DEFAULT '' NOT NULL,
    fact_kind VARCHAR(16) DEFAULT '' NOT NULL,
    fact_hashes VARCHAR(800) DEFAULT '' NOT NULL,
    origin_hash VARCHAR(64),
    member_id INTEGER,
    CONSTRAINT pk_claim PRIMARY KEY (id),
    CONSTRAINT uq_claim_claim_key UNIQUE (claim_key),
    CONSTRAINT fk_claim_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_claim_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_claim_customer_id ON claim (customer_id);

CREATE INDEX eccube_sync.ix_claim_member_id ON claim (member_id);

CREATE INDEX eccube_sync.ix_claim_origin_hash ON claim (origin_hash);

CREATE INDEX eccube_sync.ix_claim_run_id ON claim (run_id);

CREATE INDEX eccube_sync.ix_claim_state ON claim (state);

CREATE TABLE eccube_sync.class_override (
    id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    membership_class VARCHAR(16) NOT NULL,
    since DATE NOT NULL,
    until DATE,
    reason VARCHAR(190) NOT NULL,
    actor VARCHAR(190) NOT NULL,
    members_mark VARCHAR(64),
    active SMALLINT,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    ended_at DATETIME,
    ended_reason VARCHAR(64),
    CONSTRAINT pk_class_override PRIMARY KEY (id),
    CONSTRAINT uq_class_override_customer_id_active UNIQUE (customer_id, active),
    CONSTRAINT fk_class_override_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_class_override_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.link_code (
    id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    serial VARCHAR(16) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL,
    key_id VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    source_id INTEGER,
    member_code VARCHAR(64),
    expires_on DATE NOT NULL,
    used_by_customer_id INTEGER,
    used_at DATETIME,
    CONSTRAINT pk_link_code PRIMARY KEY (id),
    CONSTRAINT uq_link_code_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_link_code_batch_id FOREIGN KEY(batch_id) REFERENCES code_batch (id),
    CONSTRAINT uq_link_code_serial UNIQUE (serial)
);

CREATE INDEX eccube_sync.ix_link_code_source_id_member_code ON link_code (source_id, member_code);

CREATE TABLE eccube_sync.member (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    store_key VARCHAR(64) NOT NULL,
    current SMALLINT,
    version_id INTEGER NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    confirmed_at DATETIME,
    missing_imports SMALLINT DEFAULT '0' NOT NULL,
    first_import_id INTEGER NOT NULL,
    changed_import_id INTEGER NOT NULL,
    changed_run_id INTEGER NOT NULL,
    row_digest VARCHAR(32),
    row_newest DATETIME,
    row_repaired BOOLEAN DEFAULT '0' NOT NULL,
    CONSTRAINT pk_member PRIMARY KEY (id),
    CONSTRAINT uq_member_source_id_store_key_current UNIQUE (source_id, store_key, current),
    CONSTRAINT fk_member_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_member_first_import_id FOREIGN KEY(first_import_id) REFERENCES member_import (id),
    CONSTRAINT fk_member_changed_import_id FOREIGN KEY(changed_import_id) REFERENCES member_import (id),
    CONSTRAINT fk_member_changed_run_id FOREIGN KEY(changed_run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_member_changed_run_id ON member (changed_run_id);

CREATE TABLE eccube_sync.notice (
    id INTEGER NOT NULL,
    notice_key VARCHAR(120) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    customer_id INTEGER,
    member_id INTEGER,
    link_id INTEGER,
    end_date DATE,
    days SMALLINT,
    event_on DATE NOT NULL,
    urgency SMALLINT DEFAULT '5' NOT NULL,
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(64),
    message_id VARCHAR(190) NOT NULL,
    recipient VARCHAR(255),
    message BLOB,
    attempts SMALLINT DEFAULT '0' NOT NULL,
    first_tried_at DATETIME,
    next_try_at DATETIME,
    sent_at DATETIME,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    link_code_id INTEGER,
    CONSTRAINT pk_notice PRIMARY KEY (id),
    CONSTRAINT uq_notice_notice_key UNIQUE (notice_key),
    CONSTRAINT fk_notice_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_notice_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_notice_customer_id ON notice (customer_id);

CREATE INDEX eccube_sync.ix_notice_message_id ON notice (message_id);

CREATE INDEX eccube_sync.ix_notice_run_id ON notice (run_id);

CREATE INDEX eccube_sync.ix_notice_sent_at ON notice (sent_at);

CREATE INDEX eccube_sync.ix_notice_state_urgency_id ON notice (state, urgency, id);

CREATE TABLE eccube_sync.consent (
    id INTEGER NOT NULL,
    customer_id INTEGER,
    member_id INTEGER,
    channel VARCHAR(16) NOT NULL,
    basis VARCHAR(32) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    run_id INTEGER NOT NULL,
    statement VARCHAR(190) DEFAULT '' NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (id),
    CONSTRAINT fk_consent_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_consent_member_id FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_consent_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE TABLE eccube_sync.external_event (
    id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    kind VARCHAR(32) NOT NULL,
    external_id VARCHAR(128) NOT NULL,
    customer_id INTEGER,
    member_id INTEGER,
    happened_at DATETIME NOT NULL,
    CONSTRAINT pk_external_event PRIMARY KEY (id),
    CONSTRAINT uq_external_event_source_id_kind_external_id UNIQUE (source_id, kind, external_id),
    CONSTRAINT fk_external_event_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_external_event_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_external_event_member_id FOREIGN KEY(member_id) REFERENCES member (id)
);

CREATE TABLE eccube_sync.link (
    id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    method VARCHAR(16) NOT NULL,
    probability FLOAT,
    bits FLOAT,
    reasons TEXT,
    model_id INTEGER,
    proven_by VARCHAR(16),
    actor VARCHAR(190) NOT NULL,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    active SMALLINT,
    slot INTEGER DEFAULT '1' NOT NULL,
    ended_at DATETIME,
    ended_run_id INTEGER,
    ended_reason VARCHAR(64),
    note VARCHAR(500),
    CONSTRAINT pk_link PRIMARY KEY (id),
    CONSTRAINT uq_link_customer_id_source_id_active UNIQUE (customer_id, source_id, active),
    CONSTRAINT uq_link_member_id_slot_active UNIQUE (member_id, slot, active),
    CONSTRAINT fk_link_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_link_member_id FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_link_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_link_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_link_ended_run_id FOREIGN KEY(ended_run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_link_customer_id ON link (customer_id);

CREATE INDEX eccube_sync.ix_link_ended_run_id ON link (ended_run_id);

CREATE INDEX eccube_sync.ix_link_member_id ON link (member_id);

CREATE INDEX eccube_sync.ix_link_run_id ON link (run_id);

CREATE TABLE eccube_sync.member_code (
    id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    kind VARCHAR(8) NOT NULL,
    code VARCHAR(64) NOT NULL,
    from_import_id INTEGER NOT NULL,
    to_import_id INTEGER,
    CONSTRAINT pk_member_code PRIMARY KEY (id),
    CONSTRAINT fk_member_code_member_id FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_member_code_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_member_code_from_import_id FOREIGN KEY(from_import_id) REFERENCES member_import (id)
);

CREATE INDEX eccube_sync.ix_member_code_from_import_id ON member_code (from_import_id);

CREATE INDEX eccube_sync.ix_member_code_member_id ON member_code (member_id);

CREATE INDEX eccube_sync.ix_member_code_source_id_code ON member_code (source_id, code);

CREATE TABLE eccube_sync.member_version (
    id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    previous_version_id INTEGER,
    code VARCHAR(64),
    number VARCHAR(64),
    family_name VARCHAR(255) DEFAULT '' NOT NULL,
    given_name VARCHAR(255) DEFAULT '' NOT NULL,
    full_name VARCHAR(255) DEFAULT '' NOT NULL,
    family_kana VARCHAR(255) DEFAULT '' NOT NULL,
    given_kana VARCHAR(255) DEFAULT '' NOT NULL,
    full_kana VARCHAR(255) DEFAULT '' NOT NULL,
    address VARCHAR(255) DEFAULT '' NOT NULL,
    postal_code VARCHAR(32) DEFAULT '' NOT NULL,
    phone VARCHAR(32) DEFAULT '' NOT NULL,
    mobile VARCHAR(32) DEFAULT '' NOT NULL,
    emails VARCHAR(800) DEFAULT '' NOT NULL,
    birth_date DATE,
    sex VARCHAR(8) DEFAULT '' NOT NULL,
    joined_on DATE,
    left_on DATE,
    last_visit_on DATE,
    end_date DATE,
    unlimited BOOLEAN DEFAULT '0' NOT NULL,
    status VARCHAR(16) NOT NULL,
    store_code VARCHAR(64) DEFAULT '' NOT NULL,
    rank_code VARCHAR(64) DEFAULT '' NOT NULL,
    rank_name VARCHAR(64) DEFAULT '' NOT NULL,
    member_type VARCHAR(64) DEFAULT '' NOT NULL,
    link_code_serial VARCHAR(64) DEFAULT '' NOT NULL,
    points INTEGER,
    points_expire_on DATE,
    mail_allowed BOOLEAN,
    repairs VARCHAR(255) DEFAULT '' NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    pin_hash VARCHAR(80) DEFAULT '' NOT NULL,
    CONSTRAINT pk_member_version PRIMARY KEY (id),
    CONSTRAINT fk_member_version_member_id FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_member_version_import_id FOREIGN KEY(import_id) REFERENCES member_import (id)
);

CREATE INDEX eccube_sync.ix_member_version_import_id ON member_version (import_id);

CREATE INDEX eccube_sync.ix_member_version_member_id ON member_version (member_id);

CREATE TABLE eccube_sync.review_case (
    id INTEGER NOT NULL,
    public_id VARCHAR(16) NOT NULL,
    subject_key VARCHAR(64) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    customer_id INTEGER,
    member_id INTEGER,
    version INTEGER DEFAULT '1' NOT NULL,
    customer_fingerprint VARCHAR(64) DEFAULT '' NOT NULL,
    member_fingerprint VARCHAR(64) DEFAULT '' NOT NULL,
    state VARCHAR(16) NOT NULL,
    hold_until DATE,
    closed_reason VARCHAR(64),
    probability FLOAT,
    bits FLOAT,
    reasons TEXT,
    opened_on DATE NOT NULL,
    decided_by VARCHAR(190),
    decided_at DATETIME,
    opened_run_id INTEGER NOT NULL,
    changed_run_id INTEGER NOT NULL,
    CONSTRAINT pk_review_case PRIMARY KEY (id),
    CONSTRAINT uq_review_case_public_id UNIQUE (public_id),
    CONSTRAINT uq_review_case_subject_key UNIQUE (subject_key),
    CONSTRAINT fk_review_case_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_review_case_member_id FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_review_case_opened_run_id FOREIGN KEY(opened_run_id) REFERENCES run (id),
    CONSTRAINT fk_review_case_changed_run_id FOREIGN KEY(changed_run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_review_case_changed_run_id ON review_case (changed_run_id);

CREATE INDEX eccube_sync.ix_review_case_customer_id ON review_case (customer_id);

CREATE INDEX eccube_sync.ix_review_case_member_id ON review_case (member_id);

CREATE INDEX eccube_sync.ix_review_case_opened_run_id ON review_case (opened_run_id);

CREATE TABLE eccube_sync.review_decision (
    id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    case_version INTEGER NOT NULL,
    decision VARCHAR(16) NOT NULL,
    reviewer VARCHAR(190) NOT NULL,
    note VARCHAR(500) DEFAULT '' NOT NULL,
    file_sha256 VARCHAR(64) NOT NULL,
    export_id INTEGER,
    run_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_review_decision PRIMARY KEY (id),
    CONSTRAINT fk_review_decision_case_id FOREIGN KEY(case_id) REFERENCES review_case (id),
    CONSTRAINT fk_review_decision_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);

CREATE INDEX eccube_sync.ix_review_decision_case_id ON review_decision (case_id);

CREATE INDEX eccube_sync.ix_review_decision_run_id ON review_decision (run_id);
