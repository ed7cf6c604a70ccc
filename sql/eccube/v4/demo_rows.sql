-- What a new EC-CUBE 4.3 shop holds before its first customer; the same statements on every database.

INSERT INTO mtb_country (id, name, sort_no, discriminator_type) VALUES
    (392, '日本国', 1, 'country');

INSERT INTO mtb_pref (id, name, sort_no, discriminator_type) VALUES
    (1, '北海道', 1, 'pref'),
    (2, '青森県', 2, 'pref'),
    (3, '岩手県', 3, 'pref'),
    (4, '宮城県', 4, 'pref'),
    (5, '秋田県', 5, 'pref'),
    (6, '山形県', 6, 'pref'),
    (7, '福島県', 7, 'pref'),
    (8, '茨城県', 8, 'pref'),
    (9, '栃木県', 9, 'pref'),
    (10, '群馬県', 10, 'pref'),
    (11, '埼玉県', 11, 'pref'),
    (12, '千葉県', 12, 'pref'),
    (13, '東京都', 13, 'pref'),
    (14, '神奈川県', 14, 'pref'),
    (15, '新潟県', 15, 'pref'),
    (16, '富山県', 16, 'pref'),
    (17, '石川県', 17, 'pref'),
    (18, '福井県', 18, 'pref'),
    (19, '山梨県', 19, 'pref'),
    (20, '長野県', 20, 'pref'),
    (21, '岐阜県', 21, 'pref'),
    (22, '静岡県', 22, 'pref'),
    (23, '愛知県', 23, 'pref'),
    (24, '三重県', 24, 'pref'),
    (25, '滋賀県', 25, 'pref'),
    (26, '京都府', 26, 'pref'),
    (27, '大阪府', 27, 'pref'),
    (28, '兵庫県', 28, 'pref'),
    (29, '奈良県', 29, 'pref'),
    (30, '和歌山県', 30, 'pref'),
    (31, '鳥取県', 31, 'pref'),
    (32, '島根県', 32, 'pref'),
    (33, '岡山県', 33, 'pref'),
    (34, '広島県', 34, 'pref'),
    (35, '山口県', 35, 'pref'),
    (36, '徳島県', 36, 'pref'),
    (37, '香川県', 37, 'pref'),
    (38, '愛媛県', 38, 'pref'),
    (39, '高知県', 39, 'pref'),
    (40, '福岡県', 40, 'pref'),
    (41, '佐賀県', 41, 'pref'),
    (42, '長崎県', 42, 'pref'),
    (43, '熊本県', 43, 'pref'),
    (44, '大分県', 44, 'pref'),
    (45, '宮崎県', 45, 'pref'),
    (46, '鹿児島県', 46, 'pref'),
    (47, '沖縄県', 47, 'pref');

INSERT INTO mtb_sex (id, name, sort_no, discriminator_type) VALUES
    (1, '男性', 0, 'sex'),
    (2, '女性', 1, 'sex'),
    (3, 'その他', 2, 'sex'),
    (4, '回答しない', 3, 'sex');

INSERT INTO mtb_job (id, name, sort_no, discriminator_type) VALUES
    (1, '公務員', 0, 'job'),
    (2, 'コンサルタント', 1, 'job'),
    (3, 'コンピューター関連技術職', 2, 'job'),
    (4, 'コンピューター関連以外の技術職', 3, 'job'),
    (5, '金融関係', 4, 'job'),
    (6, '医師', 5, 'job'),
    (7, '弁護士', 6, 'job'),
    (8, '総務・人事・事務', 7, 'job'),
    (9, '営業・販売', 8, 'job'),
    (10, '研究・開発', 9, 'job'),
    (11, '広報・宣伝', 10, 'job'),
    (12, '企画・マーケティング', 11, 'job'),
    (13, 'デザイン関係', 12, 'job'),
    (14, '会社経営・役員', 13, 'job'),
    (15, '出版・マスコミ関係', 14, 'job'),
    (16, '学生・フリーター', 15, 'job'),
    (17, '主婦', 16, 'job'),
    (18, 'その他', 17, 'job');

INSERT INTO mtb_customer_status (id, name, sort_no, discriminator_type) VALUES
    (1, '仮会員', 0, 'customerstatus'),
    (2, '本会員', 1, 'customerstatus'),
    (3, '退会', 2, 'customerstatus');

INSERT INTO mtb_order_status (id, display_order_count, name, sort_no, discriminator_type) VALUES
    (1, 1, '新規受付', 0, 'orderstatus'),
    (3, 0, '注文取消し', 3, 'orderstatus'),
    (4, 1, '対応中', 2, 'orderstatus'),
    (5, 0, '発送済み', 4, 'orderstatus'),
    (6, 1, '入金済み', 1, 'orderstatus'),
    (7, 0, '決済処理中', 6, 'orderstatus'),
    (8, 0, '購入処理中', 5, 'orderstatus'),
    (9, 0, '返品', 7, 'orderstatus');

INSERT INTO dtb_base_info (id, email01, email02, email03, email04, shop_name, update_date, discriminator_type) VALUES
    (1, 'shop@example.com', 'shop@example.com', 'shop@example.com', 'shop@example.com', '見本商店', '2024-01-01 00:00:00', 'baseinfo');

INSERT INTO dtb_mail_template (id, name, file_name, mail_subject, create_date, update_date, discriminator_type) VALUES
    (1, '注文受付メール', 'Mail/order.twig', 'ご注文ありがとうございます', '2024-01-01 00:00:00', '2024-01-01 00:00:00', 'mailtemplate'),
    (2, '会員仮登録メール', 'Mail/entry_confirm.twig', '会員登録のご確認', '2024-01-01 00:00:00', '2024-01-01 00:00:00', 'mailtemplate'),
    (3, '会員本登録メール', 'Mail/entry_complete.twig', '会員登録が完了しました。', '2024-01-01 00:00:00', '2024-01-01 00:00:00', 'mailtemplate');

INSERT INTO plg_customer_group (id, name, backend_name, option_non_member_display, sort_no, discriminator_type) VALUES
    (1, '店舗会員', '店舗会員（自動）', 0, 2, 'group'),
    (2, '卸売', NULL, 0, 1, 'group');
