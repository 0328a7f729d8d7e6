"""Long files of visits brought into a live salon, by command and by browser, and what became of them."""

import random
import re
import time
import uuid

from tests import spawner

COLUMNS = "单号 日期 卡号 姓名 手机 项目 类别 类型 数量 单价 折扣 金额 员工 支付方式"
STAFF = ("陈美娟", "王琳", "刘晨", "孙悦", "周倩")


def rows(count, *, customers, seed=1):
    """Rows of visits with one to three lines each, scattered over the file."""
    chance, made, visit = random.Random(seed), [], 0
    while len(made) < count:
        visit += 1
        who, day = (
            chance.randrange(customers),
            f"{chance.randrange(2019, 2026)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        )
        for _line in range(chance.choice((1, 1, 1, 2, 3))):
            price = chance.randrange(50, 900)
            made.append([
                f"R{visit:07}", day, f"VIP{who:06}", f"顾客{who}", f"138{who:08}", f"项目{chance.randrange(80)}",
                "面部", "服务", "1",
                price, "0", price, chance.choice(STAFF), "微信",
            ])  # fmt: skip
    made = made[:count]
    chance.shuffle(made)
    return made


def half_visits(salon):
    """How many visits are not the sum of their lines, and bills not that of their payments."""
    lines = "SELECT COALESCE(SUM(value_fen), 0) FROM archives_line l WHERE l.visit_id = v.id"
    payments = "SELECT COALESCE(SUM(amount_fen), 0) FROM archives_payment p WHERE p.bill_id = b.id"
    visits = f"SELECT COUNT(*) FROM archives_visit v WHERE net_fen <> ({lines})"
    bills = f"SELECT COUNT(*) FROM archives_bill b WHERE paid_fen <> ({payments})"
    return salon.sql(visits)[0][0] + salon.sql(bills)[0][0]


def stored_lines(salon):
    return salon.sql("SELECT COUNT(*) FROM archives_line")[0][0]


def start_import(salon, path, guard=""):
    """import_visits in a process of its own, perhaps with a guard taken out."""
    script = "tests/long/unguarded.py" if guard else "manage.py"
    command = [script, "import_visits", str(path), "--create-customers"]
    return spawner.start(command, env=salon.variables() | {"UNGUARDED": guard})


def multipart(fields, name, data):
    """(body, content type) of a form with one file."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()
    ]
    parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data)
    return b"".join([*parts, f"\r\n--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def send_file(visitor, path):
    """Send a file as the browser does; the address of the import."""
    key = re.search('name="operation" value="([^"]+)"', visitor.get("/customers/imports/new/visits/").text)[1]
    body, kind = multipart({"operation": key, "create_customers": "on"}, path.name, path.read_bytes())
    answer = visitor.ask("POST", "/customers/imports/new/visits/", body, {"Content-Type": kind})
    assert answer.status == 302, answer.text
    return answer.headers["Location"]


def wait_for(visitor, address, word, seconds=90):
    until = time.monotonic() + seconds
    while word not in (page := visitor.get(address).text):
        assert time.monotonic() < until, page
        time.sleep(0.3)
    return page


def confirm(visitor, address, page):
    key = re.search('name="operation" value="([^"]+)"', page)[1]
    assert visitor.post(f"{address}store/", {"operation": key}).status == 302
