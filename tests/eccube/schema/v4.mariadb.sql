-- The same tables of EC-CUBE 4.3 as the embedded shop has, as MariaDB keeps them.

CREATE TABLE mtb_country (
    id smallint unsigned NOT NULL,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE mtb_pref (
    id smallint unsigned NOT NULL,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE mtb_sex (
    id smallint unsigned NOT NULL,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE mtb_job (
    id smallint unsigned NOT NULL,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE mtb_customer_status (
    id smallint unsigned NOT NULL,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE mtb_order_status (
    id smallint unsigned NOT NULL,
    display_order_count tinyint(1) NOT NULL DEFAULT 0,
    name varchar(255) NOT NULL,
    sort_no smallint unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE dtb_base_info (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    country_id smallint unsigned DEFAULT NULL,
    pref_id smallint unsigned DEFAULT NULL,
    company_name varchar(255) DEFAULT NULL,
    company_kana varchar(255) DEFAULT NULL,
    postal_code varchar(8) DEFAULT NULL,
    addr01 varchar(255) DEFAULT NULL,
    addr02 varchar(255) DEFAULT NULL,
    phone_number varchar(14) DEFAULT NULL,
    business_hour varchar(255) DEFAULT NULL,
    email01 varchar(255) DEFAULT NULL,
    email02 varchar(255) DEFAULT NULL,
    email03 varchar(255) DEFAULT NULL,
    email04 varchar(255) DEFAULT NULL,
    shop_name varchar(255) DEFAULT NULL,
    shop_kana varchar(255) DEFAULT NULL,
    shop_name_eng varchar(255) DEFAULT NULL,
    update_date datetime NOT NULL,
    option_customer_activate tinyint(1) NOT NULL DEFAULT 1,
    option_remember_me tinyint(1) NOT NULL DEFAULT 1,
    option_mail_notifier tinyint(1) NOT NULL DEFAULT 0,
    invoice_registration_number varchar(255) DEFAULT NULL,
    option_point tinyint(1) NOT NULL DEFAULT 1,
    basic_point_rate decimal(10,0) unsigned DEFAULT 1,
    point_conversion_rate decimal(10,0) unsigned DEFAULT 1,
    discriminator_type varchar(255) NOT NULL,
    FOREIGN KEY (pref_id) REFERENCES mtb_pref (id),
    FOREIGN KEY (country_id) REFERENCES mtb_country (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE dtb_customer (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_status_id smallint unsigned DEFAULT NULL,
    sex_id smallint unsigned DEFAULT NULL,
    job_id smallint unsigned DEFAULT NULL,
    country_id smallint unsigned DEFAULT NULL,
    pref_id smallint unsigned DEFAULT NULL,
    name01 varchar(255) NOT NULL,
    name02 varchar(255) NOT NULL,
    kana01 varchar(255) DEFAULT NULL,
    kana02 varchar(255) DEFAULT NULL,
    company_name varchar(255) DEFAULT NULL,
    postal_code varchar(8) DEFAULT NULL,
    addr01 varchar(255) DEFAULT NULL,
    addr02 varchar(255) DEFAULT NULL,
    email varchar(255) NOT NULL,
    phone_number varchar(14) DEFAULT NULL,
    birth datetime DEFAULT NULL,
    password varchar(255) NOT NULL,
    salt varchar(255) DEFAULT NULL,
    secret_key varchar(255) NOT NULL,
    first_buy_date datetime DEFAULT NULL,
    last_buy_date datetime DEFAULT NULL,
    buy_times decimal(10,0) unsigned DEFAULT 0,
    buy_total decimal(12,2) unsigned DEFAULT 0,
    note varchar(4000) DEFAULT NULL,
    reset_key varchar(255) DEFAULT NULL,
    reset_expire datetime DEFAULT NULL,
    point decimal(12,0) NOT NULL DEFAULT 0,
    create_date datetime NOT NULL,
    update_date datetime NOT NULL,
    discriminator_type varchar(255) NOT NULL,
    UNIQUE (secret_key),
    FOREIGN KEY (customer_status_id) REFERENCES mtb_customer_status (id),
    FOREIGN KEY (sex_id) REFERENCES mtb_sex (id),
    FOREIGN KEY (job_id) REFERENCES mtb_job (id),
    FOREIGN KEY (country_id) REFERENCES mtb_country (id),
    FOREIGN KEY (pref_id) REFERENCES mtb_pref (id),
    KEY dtb_customer_buy_times_idx (buy_times),
    KEY dtb_customer_buy_total_idx (buy_total),
    KEY dtb_customer_create_date_idx (create_date),
    KEY dtb_customer_update_date_idx (update_date),
    KEY dtb_customer_last_buy_date_idx (last_buy_date),
    KEY dtb_customer_email_idx (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE dtb_order (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id int unsigned DEFAULT NULL,
    country_id smallint unsigned DEFAULT NULL,
    pref_id smallint unsigned DEFAULT NULL,
    sex_id smallint unsigned DEFAULT NULL,
    job_id smallint unsigned DEFAULT NULL,
    payment_id int unsigned DEFAULT NULL,
    device_type_id smallint unsigned DEFAULT NULL,
    pre_order_id varchar(255) DEFAULT NULL,
    order_no varchar(255) DEFAULT NULL,
    message varchar(4000) DEFAULT NULL,
    name01 varchar(255) NOT NULL,
    name02 varchar(255) NOT NULL,
    kana01 varchar(255) DEFAULT NULL,
    kana02 varchar(255) DEFAULT NULL,
    company_name varchar(255) DEFAULT NULL,
    email varchar(255) DEFAULT NULL,
    phone_number varchar(14) DEFAULT NULL,
    postal_code varchar(8) DEFAULT NULL,
    addr01 varchar(255) DEFAULT NULL,
    addr02 varchar(255) DEFAULT NULL,
    birth datetime DEFAULT NULL,
    subtotal decimal(12,2) unsigned NOT NULL DEFAULT 0,
    discount decimal(12,2) unsigned NOT NULL DEFAULT 0,
    delivery_fee_total decimal(12,2) unsigned NOT NULL DEFAULT 0,
    charge decimal(12,2) unsigned NOT NULL DEFAULT 0,
    tax decimal(12,2) unsigned NOT NULL DEFAULT 0,
    total decimal(12,2) unsigned NOT NULL DEFAULT 0,
    payment_total decimal(12,2) unsigned NOT NULL DEFAULT 0,
    payment_method varchar(255) DEFAULT NULL,
    note varchar(4000) DEFAULT NULL,
    create_date datetime NOT NULL,
    update_date datetime NOT NULL,
    order_date datetime DEFAULT NULL,
    payment_date datetime DEFAULT NULL,
    currency_code varchar(255) DEFAULT NULL,
    complete_message longtext DEFAULT NULL,
    complete_mail_message longtext DEFAULT NULL,
    add_point decimal(12,0) unsigned NOT NULL DEFAULT 0,
    use_point decimal(12,0) unsigned NOT NULL DEFAULT 0,
    order_status_id smallint unsigned DEFAULT NULL,
    discriminator_type varchar(255) NOT NULL,
    UNIQUE (pre_order_id),
    FOREIGN KEY (customer_id) REFERENCES dtb_customer (id),
    FOREIGN KEY (order_status_id) REFERENCES mtb_order_status (id),
    KEY dtb_order_customer_id_idx (customer_id),
    KEY dtb_order_email_idx (email),
    KEY dtb_order_order_date_idx (order_date),
    KEY dtb_order_payment_date_idx (payment_date),
    KEY dtb_order_update_date_idx (update_date),
    KEY dtb_order_order_no_idx (order_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE dtb_mail_template (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    creator_id int unsigned DEFAULT NULL,
    name varchar(255) DEFAULT NULL,
    file_name varchar(255) DEFAULT NULL,
    mail_subject varchar(255) DEFAULT NULL,
    create_date datetime NOT NULL,
    update_date datetime NOT NULL,
    discriminator_type varchar(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE dtb_plugin (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(255) NOT NULL,
    code varchar(255) NOT NULL,
    enabled tinyint(1) NOT NULL DEFAULT 0,
    version varchar(255) NOT NULL,
    source varchar(255) NOT NULL,
    initialized tinyint(1) NOT NULL DEFAULT 0,
    create_date datetime NOT NULL,
    update_date datetime NOT NULL,
    discriminator_type varchar(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The shop has the plugin 会員グループ管理.

CREATE TABLE plg_customer_group (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(255) NOT NULL,
    backend_name varchar(255) DEFAULT NULL,
    option_non_member_display tinyint(1) NOT NULL DEFAULT 0,
    sort_no int unsigned NOT NULL,
    discriminator_type varchar(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE plg_customer_group_customers_groups (
    customer_id int unsigned NOT NULL,
    group_id int unsigned NOT NULL,
    PRIMARY KEY (customer_id, group_id),
    FOREIGN KEY (customer_id) REFERENCES dtb_customer (id) ON DELETE CASCADE,
    FOREIGN KEY (group_id) REFERENCES plg_customer_group (id) ON DELETE CASCADE,
    KEY plg_customer_group_customers_groups_group_id_idx (group_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
