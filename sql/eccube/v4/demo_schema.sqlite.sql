-- The embedded shop of the demo and the tests: those tables of EC-CUBE 4.3 that we read or write.
-- Never run on a real shop.

CREATE TABLE mtb_country (
    id SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE mtb_pref (
    id SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE mtb_sex (
    id SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE mtb_job (
    id SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE mtb_customer_status (
    id SMALLINT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE mtb_order_status (
    id SMALLINT UNSIGNED NOT NULL,
    display_order_count BOOLEAN NOT NULL DEFAULT 0,
    name VARCHAR(255) NOT NULL,
    sort_no SMALLINT UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE dtb_base_info (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    country_id SMALLINT UNSIGNED DEFAULT NULL,
    pref_id SMALLINT UNSIGNED DEFAULT NULL,
    company_name VARCHAR(255) DEFAULT NULL,
    company_kana VARCHAR(255) DEFAULT NULL,
    postal_code VARCHAR(8) DEFAULT NULL,
    addr01 VARCHAR(255) DEFAULT NULL,
    addr02 VARCHAR(255) DEFAULT NULL,
    phone_number VARCHAR(14) DEFAULT NULL,
    business_hour VARCHAR(255) DEFAULT NULL,
    email01 VARCHAR(255) DEFAULT NULL,
    email02 VARCHAR(255) DEFAULT NULL,
    email03 VARCHAR(255) DEFAULT NULL,
    email04 VARCHAR(255) DEFAULT NULL,
    shop_name VARCHAR(255) DEFAULT NULL,
    shop_kana VARCHAR(255) DEFAULT NULL,
    shop_name_eng VARCHAR(255) DEFAULT NULL,
    update_date DATETIME NOT NULL,
    option_customer_activate BOOLEAN NOT NULL DEFAULT 1,
    option_remember_me BOOLEAN NOT NULL DEFAULT 1,
    option_mail_notifier BOOLEAN NOT NULL DEFAULT 0,
    invoice_registration_number VARCHAR(255) DEFAULT NULL,
    option_point BOOLEAN NOT NULL DEFAULT 1,
    basic_point_rate NUMERIC(10,0) DEFAULT 1,
    point_conversion_rate NUMERIC(10,0) DEFAULT 1,
    discriminator_type VARCHAR(255) NOT NULL,
    FOREIGN KEY (pref_id) REFERENCES mtb_pref (id),
    FOREIGN KEY (country_id) REFERENCES mtb_country (id)
);

CREATE TABLE dtb_customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    customer_status_id SMALLINT UNSIGNED DEFAULT NULL,
    sex_id SMALLINT UNSIGNED DEFAULT NULL,
    job_id SMALLINT UNSIGNED DEFAULT NULL,
    country_id SMALLINT UNSIGNED DEFAULT NULL,
    pref_id SMALLINT UNSIGNED DEFAULT NULL,
    name01 VARCHAR(255) NOT NULL,
    name02 VARCHAR(255) NOT NULL,
    kana01 VARCHAR(255) DEFAULT NULL,
    kana02 VARCHAR(255) DEFAULT NULL,
    company_name VARCHAR(255) DEFAULT NULL,
    postal_code VARCHAR(8) DEFAULT NULL,
    addr01 VARCHAR(255) DEFAULT NULL,
    addr02 VARCHAR(255) DEFAULT NULL,
    email VARCHAR(255) NOT NULL,
    phone_number VARCHAR(14) DEFAULT NULL,
    birth DATETIME DEFAULT NULL,
    password VARCHAR(255) NOT NULL,
    salt VARCHAR(255) DEFAULT NULL,
    secret_key VARCHAR(255) NOT NULL,
    first_buy_date DATETIME DEFAULT NULL,
    last_buy_date DATETIME DEFAULT NULL,
    buy_times NUMERIC(10,0) DEFAULT 0,
    buy_total NUMERIC(12,2) DEFAULT 0,
    note VARCHAR(4000) DEFAULT NULL,
    reset_key VARCHAR(255) DEFAULT NULL,
    reset_expire DATETIME DEFAULT NULL,
    point NUMERIC(12,0) NOT NULL DEFAULT 0,
    create_date DATETIME NOT NULL,
    update_date DATETIME NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    UNIQUE (secret_key),
    FOREIGN KEY (customer_status_id) REFERENCES mtb_customer_status (id),
    FOREIGN KEY (sex_id) REFERENCES mtb_sex (id),
    FOREIGN KEY (job_id) REFERENCES mtb_job (id),
    FOREIGN KEY (country_id) REFERENCES mtb_country (id),
    FOREIGN KEY (pref_id) REFERENCES mtb_pref (id)
);
CREATE INDEX dtb_customer_buy_times_idx ON dtb_customer (buy_times);
CREATE INDEX dtb_customer_buy_total_idx ON dtb_customer (buy_total);
CREATE INDEX dtb_customer_create_date_idx ON dtb_customer (create_date);
CREATE INDEX dtb_customer_update_date_idx ON dtb_customer (update_date);
CREATE INDEX dtb_customer_last_buy_date_idx ON dtb_customer (last_buy_date);
CREATE INDEX dtb_customer_email_idx ON dtb_customer (email);

CREATE TABLE dtb_order (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    customer_id INTEGER UNSIGNED DEFAULT NULL,
    country_id SMALLINT UNSIGNED DEFAULT NULL,
    pref_id SMALLINT UNSIGNED DEFAULT NULL,
    sex_id SMALLINT UNSIGNED DEFAULT NULL,
    job_id SMALLINT UNSIGNED DEFAULT NULL,
    payment_id INTEGER UNSIGNED DEFAULT NULL,
    device_type_id SMALLINT UNSIGNED DEFAULT NULL,
    pre_order_id VARCHAR(255) DEFAULT NULL,
    order_no VARCHAR(255) DEFAULT NULL,
    message VARCHAR(4000) DEFAULT NULL,
    name01 VARCHAR(255) NOT NULL,
    name02 VARCHAR(255) NOT NULL,
    kana01 VARCHAR(255) DEFAULT NULL,
    kana02 VARCHAR(255) DEFAULT NULL,
    company_name VARCHAR(255) DEFAULT NULL,
    email VARCHAR(255) DEFAULT NULL,
    phone_number VARCHAR(14) DEFAULT NULL,
    postal_code VARCHAR(8) DEFAULT NULL,
    addr01 VARCHAR(255) DEFAULT NULL,
    addr02 VARCHAR(255) DEFAULT NULL,
    birth DATETIME DEFAULT NULL,
    subtotal NUMERIC(12,2) NOT NULL DEFAULT 0,
    discount NUMERIC(12,2) NOT NULL DEFAULT 0,
    delivery_fee_total NUMERIC(12,2) NOT NULL DEFAULT 0,
    charge NUMERIC(12,2) NOT NULL DEFAULT 0,
    tax NUMERIC(12,2) NOT NULL DEFAULT 0,
    total NUMERIC(12,2) NOT NULL DEFAULT 0,
    payment_total NUMERIC(12,2) NOT NULL DEFAULT 0,
    payment_method VARCHAR(255) DEFAULT NULL,
    note VARCHAR(4000) DEFAULT NULL,
    create_date DATETIME NOT NULL,
    update_date DATETIME NOT NULL,
    order_date DATETIME DEFAULT NULL,
    payment_date DATETIME DEFAULT NULL,
    currency_code VARCHAR(255) DEFAULT NULL,
    complete_message CLOB DEFAULT NULL,
    complete_mail_message CLOB DEFAULT NULL,
    add_point NUMERIC(12,0) NOT NULL DEFAULT 0,
    use_point NUMERIC(12,0) NOT NULL DEFAULT 0,
    order_status_id SMALLINT UNSIGNED DEFAULT NULL,
    discriminator_type VARCHAR(255) NOT NULL,
    UNIQUE (pre_order_id),
    FOREIGN KEY (customer_id) REFERENCES dtb_customer (id),
    FOREIGN KEY (order_status_id) REFERENCES mtb_order_status (id)
);
CREATE INDEX dtb_order_customer_id_idx ON dtb_order (customer_id);
CREATE INDEX dtb_order_email_idx ON dtb_order (email);
CREATE INDEX dtb_order_order_date_idx ON dtb_order (order_date);
CREATE INDEX dtb_order_payment_date_idx ON dtb_order (payment_date);
CREATE INDEX dtb_order_update_date_idx ON dtb_order (update_date);
CREATE INDEX dtb_order_order_no_idx ON dtb_order (order_no);

CREATE TABLE dtb_mail_template (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    creator_id INTEGER UNSIGNED DEFAULT NULL,
    name VARCHAR(255) DEFAULT NULL,
    file_name VARCHAR(255) DEFAULT NULL,
    mail_subject VARCHAR(255) DEFAULT NULL,
    create_date DATETIME NOT NULL,
    update_date DATETIME NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL
);

CREATE TABLE dtb_plugin (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name VARCHAR(255) NOT NULL,
    code VARCHAR(255) NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT 0,
    version VARCHAR(255) NOT NULL,
    source VARCHAR(255) NOT NULL,
    initialized BOOLEAN NOT NULL DEFAULT 0,
    create_date DATETIME NOT NULL,
    update_date DATETIME NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL
);

-- The shop has the plugin 会員グループ管理.

CREATE TABLE plg_customer_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name VARCHAR(255) NOT NULL,
    backend_name VARCHAR(255) DEFAULT NULL,
    option_non_member_display BOOLEAN NOT NULL DEFAULT 0,
    sort_no INTEGER UNSIGNED NOT NULL,
    discriminator_type VARCHAR(255) NOT NULL
);

CREATE TABLE plg_customer_group_customers_groups (
    customer_id INTEGER UNSIGNED NOT NULL,
    group_id INTEGER UNSIGNED NOT NULL,
    PRIMARY KEY (customer_id, group_id),
    FOREIGN KEY (customer_id) REFERENCES dtb_customer (id) ON DELETE CASCADE,
    FOREIGN KEY (group_id) REFERENCES plg_customer_group (id) ON DELETE CASCADE
);
CREATE INDEX plg_customer_group_customers_groups_group_id_idx ON plg_customer_group_customers_groups (group_id);
