"""What a file of visits may say: its columns, with the headings they are known by."""

from django.utils.translation import gettext_lazy as _

from archives.imports.importer import VisitImporter
from customers.imports.registry import Column, Kind

VISITS = Kind(
    name="visits",
    label=_("Visits"),
    order=2,
    importer=VisitImporter,
    page="visits:list",
    query="?sort=newest",  # of all days: asked for nothing, the list begins with today
    asks_create=True,
    intro=_(
        "One row for each service or product. Rows of the same receipt, day and customer are one visit, wherever they stand."
    ),
    columns=(
        Column(
            "receipt_no",
            ("单号", "receipt_no", "小票号", "单据号", "流水号", "订单号", "receipt", "receipt number"),
            _("Number of the receipt; customers may share one."),
            example=("R0001", "R0001"),
        ),
        Column(
            "date",
            ("日期", "date", "消费日期", "到店日期", "business_date"),
            _("Day of the visit, such as 2024-01-31 or 2024年1月31日."),
            needed=True,
            example=("2024-01-31", "2024-01-31"),
        ),
        Column(
            "card_no",
            ("卡号", "card_no", "会员卡号", "会员号", "card number"),
            _("Number of the customer's card, exactly as it is. Without card, phone and name: somebody unknown."),
            example=("VIP0001", "VIP0001"),
        ),
        Column(
            "name",
            ("姓名", "name", "客户姓名", "顾客姓名", "customer"),
            _("For new cards only; nobody is found by name."),
            example=("张晓梅", "张晓梅"),
        ),
        Column(
            "phone",
            ("手机", "phone", "手机号", "手机号码", "电话", "联系电话", "mobile"),
            _("Finds the customer if there is no card number and only one card has this phone."),
            example=("13800138000", "13800138000"),
        ),
        Column(
            "item",
            ("项目", "item", "项目名称", "品名", "商品名称", "服务项目"),
            _("Service or product. A new one is made."),
            example=("补水护理", "玫瑰精油"),
        ),
        Column("category", ("类别", "category", "分类"), _("For new items."), example=("面部护理", "家居产品")),
        Column("kind", ("类型", "kind", "项目类型"), _("service or product, 服务 or 产品."), example=("服务", "产品")),
        Column("quantity", ("数量", "quantity", "qty", "次数"), _("1 where nothing stands."), example=("1", "2")),
        Column("unit_price", ("单价", "unit_price", "price", "原价"), _("Price of one."), example=("380", "128")),
        Column("discount", ("折扣", "discount", "优惠", "优惠金额"), _("Money taken off the line."), example=("30", "")),
        Column(
            "amount",
            ("金额", "amount", "实收", "实收金额", "应收金额", "小计"),
            _("What the line comes to. It stands even where price and quantity say otherwise; negative for a refund."),
            example=("350", "256"),
        ),
        Column(
            "staff",
            ("员工", "staff", "美容师", "服务人员"),
            _("Who served, with 、 between several. New names are made."),
            example=("陈美娟", ""),
        ),
        Column(
            "payment",
            ("支付方式", "payment", "付款方式", "收款方式"),
            _("微信, 支付宝, 现金, 银行卡, 转账, 储值; unknown where nothing stands."),
            example=("微信", "微信"),
        ),
        Column("note", ("备注", "note", "remark", "说明"), _("A note about the visit.")),
    ),
    counted={
        "visits": _("Visits"),
        "lines": _("Lines"),
        "customers": _("New cards"),
        "items": _("New items"),
        "staff": _("New staff"),
    },
)
