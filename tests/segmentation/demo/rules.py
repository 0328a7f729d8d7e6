"""What must hold in every database, as SQL that finds what breaks it: {what is wrong: query for the offenders}."""

COUNTED = "v.status IN ('done', 'voided')"

MONEY = {
    "a bill is not what was paid for it": """
        SELECT b.id FROM archives_bill b LEFT JOIN archives_payment p ON p.bill_id = b.id
        GROUP BY b.id, b.payable_fen, b.paid_fen
        HAVING b.payable_fen <> b.paid_fen OR b.paid_fen <> COALESCE(SUM(p.amount_fen), 0)""",
    "a bill is not the sum of its visits": """
        SELECT b.id FROM archives_bill b LEFT JOIN archives_visit v ON v.bill_id = b.id
        GROUP BY b.id, b.payable_fen HAVING b.payable_fen <> COALESCE(SUM(v.net_fen), 0) OR COUNT(v.id) = 0""",
    "a visit is not the sum of its lines": f"""
        SELECT v.id FROM archives_visit v LEFT JOIN archives_line l ON l.visit_id = v.id WHERE {COUNTED}
        GROUP BY v.id, v.net_fen HAVING COUNT(l.id) = 0 OR v.net_fen <> SUM(l.value_fen)""",
    "has_positive_line is wrong": """
        SELECT v.id FROM archives_visit v LEFT JOIN archives_line l ON l.visit_id = v.id AND l.value_fen > 0
        GROUP BY v.id, v.has_positive_line HAVING (COUNT(l.id) > 0) <> v.has_positive_line""",
    "a visit that is not done has money": f"""
        SELECT v.id FROM archives_visit v LEFT JOIN archives_line l ON l.visit_id = v.id WHERE NOT {COUNTED}
        AND (l.id IS NOT NULL OR v.net_fen <> 0 OR v.bill_id IS NOT NULL OR v.receipt_no <> '' OR v.done_at IS NOT NULL)""",
    "the value of a line is not quantity x price - discount": """
        SELECT id FROM archives_line
        WHERE value_fen <> quantity_milli * unit_price_fen / 1000 - discount_fen OR payable_fen <> value_fen""",
    "a discount is out of range or without reason": """
        SELECT id FROM archives_line WHERE refund_of_id IS NULL AND (discount_fen < 0 OR value_fen < 0
        OR (discount_fen > 0) <> (discount_reason <> ''))""",
    "another reason without remark": """
        SELECT l.id FROM archives_line l LEFT JOIN archives_lineremark r ON r.line_id = l.id
        WHERE l.discount_reason = 'other' AND l.refund_of_id IS NULL AND r.line_id IS NULL""",
    "the shares of a line do not sum to it": """
        SELECT l.id FROM archives_line l LEFT JOIN archives_staffshare s ON s.line_id = l.id
        GROUP BY l.id, l.value_fen HAVING COALESCE(SUM(s.share_bp), 0) <> 10000 OR SUM(s.value_fen) <> l.value_fen""",
    "a line does not say what its item is": """
        SELECT l.id FROM archives_line l JOIN salon_item i ON i.id = l.item_id
        WHERE l.kind <> i.kind OR l.item_name <> i.name OR (l.refund_of_id IS NULL AND l.minutes <> i.minutes)""",
    "positions have gaps": """
        SELECT visit_id FROM archives_line GROUP BY visit_id HAVING MIN(position) <> 1 OR MAX(position) <> COUNT(*)""",
}

GIVEN_BACK = {
    "a line has no allowance, or a wrong one": """
        SELECT l.id FROM archives_line l LEFT JOIN archives_refundallowance a ON a.line_id = l.id WHERE l.refund_of_id IS NULL
        AND (a.line_id IS NULL OR a.value_fen <> l.value_fen OR a.quantity_milli <> l.quantity_milli)""",
    "a refund has an allowance": """
        SELECT l.id FROM archives_line l JOIN archives_refundallowance a ON a.line_id = l.id WHERE l.refund_of_id IS NOT NULL""",
    "an allowance is not what was given back": """
        SELECT a.line_id FROM archives_refundallowance a
        LEFT JOIN (SELECT r.refund_of_id, SUM(r.value_fen) fen, SUM(r.quantity_milli) milli FROM archives_line r
                   JOIN archives_visit v ON v.id = r.visit_id AND v.status = 'done' GROUP BY r.refund_of_id) r
        ON r.refund_of_id = a.line_id
        WHERE a.refunded_fen <> -COALESCE(r.fen, 0) OR a.refunded_milli <> -COALESCE(r.milli, 0)""",
    "a refund names a line of another bill": """
        SELECT r.id FROM archives_line r JOIN archives_visit v ON v.id = r.visit_id JOIN archives_bill b ON b.id = v.bill_id
        JOIN archives_line l ON l.id = r.refund_of_id JOIN archives_visit w ON w.id = l.visit_id
        WHERE b.refunds_id IS NULL OR b.refunds_id <> w.bill_id OR v.customer_id <> w.customer_id OR r.item_id <> l.item_id
        OR v.business_date < w.business_date""",
    "a refund bill is not negative, of another branch, or of a voided bill": """
        SELECT b.id FROM archives_bill b JOIN archives_bill o ON o.id = b.refunds_id
        WHERE b.payable_fen >= 0 OR b.branch_id <> o.branch_id OR o.voided_at IS NOT NULL OR o.refunds_id IS NOT NULL""",
    "a negative bill refunds nothing": "SELECT id FROM archives_bill WHERE payable_fen < 0 AND refunds_id IS NULL",
    "a visit is voided without its bill, or its bill without it": f"""
        SELECT v.id FROM archives_visit v JOIN archives_bill b ON b.id = v.bill_id
        WHERE {COUNTED} AND ((v.status = 'voided') <> (b.voided_at IS NOT NULL) OR v.voided_at <> b.voided_at)""",
    "what was replaced still counts": """
        SELECT b.id FROM archives_bill b JOIN archives_bill o ON o.id = b.replaces_id
        WHERE o.voided_at IS NULL OR o.branch_id <> b.branch_id OR o.voided_at > b.recorded_at""",
}

VISITS = {
    "visit and bill differ": """
        SELECT v.id FROM archives_visit v JOIN archives_bill b ON b.id = v.bill_id
        WHERE v.receipt_no <> b.receipt_no OR v.branch_id <> b.branch_id OR v.business_date <> b.business_date
        OR v.day <> b.business_date OR v.recorded_at <> b.recorded_at""",
    "the payer is not on the bill": """
        SELECT b.id FROM archives_bill b WHERE b.payer_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM archives_visit v WHERE v.bill_id = b.id AND v.customer_id = b.payer_id)""",
    "a receipt number stands twice": """
        SELECT MIN(id) FROM archives_bill GROUP BY branch_id, receipt_no HAVING COUNT(*) > 1""",
    "receipts are not numbered as they came": """
        SELECT b.id FROM archives_bill b JOIN archives_bill c ON c.branch_id = b.branch_id AND c.id = b.id + 1
        WHERE c.receipt_no <= b.receipt_no OR c.business_date < b.business_date""",
    "moments are out of order": """
        SELECT id FROM archives_visit WHERE arrived_at > care_started_at OR care_started_at > done_at OR done_at <> recorded_at
        OR (status = 'expected' AND (expected_time IS NULL OR arrived_at IS NOT NULL))
        OR (status = 'in_care' AND (arrived_at IS NULL OR care_started_at IS NULL))
        OR (status = 'arrived' AND arrived_at IS NULL)""",
    "somebody came before the card was made": """
        SELECT v.id FROM archives_visit v JOIN customers_customer c ON c.id = v.customer_id WHERE v.day < c.card_date""",
    "the last visit on a card is wrong": """
        SELECT c.id FROM customers_customer c LEFT JOIN (
            SELECT v.customer_id, MAX(v.business_date) AS day FROM archives_visit v JOIN archives_bill b ON b.id = v.bill_id
            WHERE v.status = 'done' AND b.refunds_id IS NULL GROUP BY v.customer_id) v ON v.customer_id = c.id
        WHERE c.last_visit_on <> v.day OR (c.last_visit_on IS NULL) <> (v.day IS NULL)""",
    "somebody served who did not work there then": """
        SELECT s.id FROM archives_staffshare s JOIN archives_line l ON l.id = s.line_id JOIN archives_visit v ON v.id = l.visit_id
        JOIN salon_staffmember m ON m.id = s.staff_id
        WHERE m.branch_id <> v.branch_id OR m.role <> 'beautician'
        OR (l.refund_of_id IS NULL AND (v.business_date < m.employed_on OR v.business_date >= m.left_on))""",
    "an item a safety note speaks against, and nobody said why": """
        SELECT l.id FROM archives_line l JOIN archives_visit v ON v.id = l.visit_id
        JOIN customers_safetynote n ON n.customer_id = v.customer_id
        JOIN salon_item_tags t ON t.item_id = l.item_id AND t.tag_id = n.tag_id
        WHERE l.refund_of_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM archives_safetyoverride o WHERE o.line_id = l.id AND o.tag_id = n.tag_id)""",
    "an expected visit is planned with a harmful item": """
        SELECT p.id FROM archives_planneditem p JOIN archives_visit v ON v.id = p.visit_id
        JOIN customers_safetynote n ON n.customer_id = v.customer_id
        JOIN salon_item_tags t ON t.item_id = p.item_id AND t.tag_id = n.tag_id WHERE v.status = 'expected'""",
}

CARDS = {
    "the responsible person has left or works elsewhere": """
        SELECT c.id FROM customers_customer c JOIN salon_staffmember m ON m.id = c.responsible_id
        WHERE m.branch_id <> c.branch_id OR m.left_on IS NOT NULL""",
    "somebody was sent by a later customer": """
        SELECT c.id FROM customers_customer c JOIN customers_customer r ON r.id = c.referred_by_id
        WHERE r.card_date > c.card_date OR r.id = c.id OR c.source <> 'friend'""",
    "a note is older than its card, or over before it began": """
        SELECT n.id FROM customers_safetynote n JOIN customers_customer c ON c.id = n.customer_id
        WHERE n.noted_on < c.card_date OR n.ended_on < n.noted_on""",
    "two cards have one number": "SELECT MIN(id) FROM customers_customer GROUP BY card_no HAVING COUNT(*) > 1",
    "a card has no first entry in its history": """
        SELECT c.id FROM customers_customer c LEFT JOIN customers_historicalcustomer h ON h.id = c.id AND h.history_type = '+'
        GROUP BY c.id, c.created_at HAVING COUNT(h.history_id) <> 1 OR MIN(h.history_date) <> c.created_at""",
    "a phone has no first entry in its history": """
        SELECT p.id FROM customers_phone p LEFT JOIN customers_historicalphone h ON h.id = p.id AND h.number = p.number
        AND h.customer_id = p.customer_id GROUP BY p.id HAVING COUNT(h.history_id) <> 1""",
}

ALL = MONEY | GIVEN_BACK | VISITS | CARDS
