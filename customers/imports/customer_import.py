"""What a file of customers may say: its columns, with the headings they are known by."""

from django.utils.translation import gettext_lazy as _

from customers.imports.importer import CustomerImporter
from customers.imports.registry import Column, Kind

CUSTOMERS = Kind(
    name="customers",
    label=_("Customers"),
    order=1,
    importer=CustomerImporter,
    page="customers:list",
    intro=_("One row for each customer. Cards that exist are never changed by an import."),
    columns=(
        Column(
            "card_no",
            ("卡号", "card_no", "会员卡号", "会员号", "card number"),
            _("Exactly as it is on the card. A row without one gets the next number of the branch."),
            example=("VIP0001", "VIP0002"),
        ),
        Column(
            "name",
            ("姓名", "name", "客户姓名", "顾客姓名"),
            _("The card number stands in where it is missing."),
            example=("张晓梅", "欧阳静"),
        ),
        Column("called", ("称呼", "called"), _("What to call her: 张姐."), example=("张姐", "")),
        Column(
            "phone",
            ("手机", "phone", "手机号", "手机号码", "电话", "联系电话", "mobile"),
            _("Several with / or 、 between; the first is the main number."),
            example=("13800138000", "13900139000"),
        ),
        Column("gender", ("性别", "gender", "sex"), _("女 or 男, female or male."), example=("女", "女")),
        Column(
            "birthday",
            ("生日", "birthday", "出生日期"),
            _("1988-06-12, 6月12日, or the year alone; with 农历 before it a lunar date."),
            example=("1988-06-12", "农历8月15日"),
        ),
        Column("wechat", ("微信", "wechat", "微信号"), _("WeChat name.")),
        Column("province", ("省", "province", "省份")),
        Column("city", ("市", "city", "城市")),
        Column("district", ("区", "district", "区县")),
        Column("community", ("小区", "community"), _("Name of the residential compound."), example=("康定花园", "")),
        Column(
            "address",
            ("地址", "address", "住址", "联系地址"),
            _("Street and number, or the whole address."),
            example=("康定路826号", ""),
        ),
        Column("occupation", ("职业", "occupation"), example=("教师", "")),
        Column("interests", ("爱好", "interests", "兴趣爱好")),
        Column("skin_type", ("肤质", "skin_type", "皮肤类型"), _("中性, 干性, 油性, 混合性, 敏感性 or 问题性.")),
        Column(
            "source",
            ("来源", "source", "客户来源"),
            _("How the customer found you: 路过, 朋友介绍, 网络 …"),
            example=("朋友介绍", "网络"),
        ),
        Column("note", ("备注", "note", "remark", "说明")),
        Column(
            "card_date",
            ("建卡日期", "card_date", "开卡日期", "办卡日期", "入会日期"),
            _("Today where nothing stands."),
            example=("2023-05-01", ""),
        ),
    ),
    counted={"customers": _("New cards")},
)
