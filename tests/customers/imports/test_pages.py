"""The pages of an import: bring a file, look, store; what was refused; who may see what."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from archives.visits.models import Visit
from customers.card.models import Customer
from customers.imports import engine, forms, services, work
from customers.imports.customer_import import CUSTOMERS
from customers.imports.folders import ImportFolder, prune
from customers.imports.models import ImportRun
from customers.imports.views import NOTES
from customers.log.models import AccessEntry
from salon import operations, panels
from salon.database import locks
from tests import builders
from tests.customers.imports.sending import key_of, send

pytestmark = pytest.mark.django_db
ROWS = "单号,日期,卡号,姓名,手机,金额\nR1,2024-01-05,A1,张晓梅,13800138000,100\nR2,2024-01-06,A1,,,abc\n"


@pytest.fixture
def client(manager):
    return builders.client_of(manager)


@pytest.fixture
def bring(manager, browser, client):
    """Send a file as the manager and have it read; returns the ImportRun."""
    its = browser(manager, client)
    return lambda text=ROWS, **fields: its.bring(text, **fields)


@pytest.fixture
def confirm(client, finish, django_capture_on_commit_callbacks):
    def confirm(run):
        key = key_of(client.get(run.get_absolute_url()))
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(f"{run.get_absolute_url()}store/", {"operation": key})
        finish()
        run.refresh_from_db()
        return response

    return confirm


def test_a_file_is_read_looked_at_and_stored(client, bring, confirm, kept, branch, manager):
    run = bring(create_customers="on")
    assert (run.state, run.file_name, run.branch, run.user) == ("ready", "客户 记录.csv", branch, manager.user)
    assert not Visit.objects.exists()
    assert not Customer.objects.exists()
    page = client.get(run.get_absolute_url()).content.decode()
    assert "What will be stored" in page
    assert "“abc” is not a number." in page
    assert "138****8000" in page
    assert "13800138000" not in page
    assert {"refused.csv", "rows.spool"} <= set(kept(run))
    assert {"upload", "progress.json"} & set(kept(run)) == set()
    response = confirm(run)
    assert response["Location"] == run.get_absolute_url()
    assert (run.state, run.counts["visits"], run.counts["refused"], run.counts["customers"]) == ("done", 1, 1, 1)
    visit = Visit.objects.get()
    assert (visit.net_fen, visit.customer.card_no, visit.recorded_by, visit.imported.run) == (10_000, "A1", manager.user, run)
    assert "What was stored" in client.get(run.get_absolute_url()).content.decode()
    assert {"upload", "rows.spool"} & set(kept(run)) == set()


def test_the_refused_rows_come_back_as_a_table(client, bring, manager, branch):
    text = ROWS + '"=cmd()",2024-01-07,"=1+1",,,1\n'
    run = bring(text, create_customers="on")
    response = client.get(f"{run.get_absolute_url()}refused.csv")
    lines = b"".join(response.streaming_content).decode("utf-8")
    assert lines.startswith("\ufeffRow,Reason,单号,日期,卡号")
    assert "3,“abc” is not a number.,R2,2024-01-06,A1,,,abc" in lines
    assert AccessEntry.objects.filter(action="export", user=manager.user, field="import_refused").count() == 1
    again = bring("\n".join(lines.lstrip("\ufeff").splitlines()).replace("abc", "12"), create_customers="on")
    assert (again.counts["refused"], again.counts["visits"]) == (0, 1)


def test_formulas_in_refused_rows_stay_text(client, bring):
    run = bring('单号,日期,金额\n"=1+1",x,"=HYPERLINK(1)"\n')
    lines = b"".join(client.get(f"{run.get_absolute_url()}refused.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1].endswith("'=1+1,x,'=HYPERLINK(1)")


def test_customers_from_the_browser(bring, confirm):
    run = bring("卡号,姓名\nA1,张晓梅\nA1,张晓梅\n", kind="customers")
    confirm(run)
    assert (run.state, run.counts["customers"], run.counts["skipped"]) == ("done", 1, 1)
    assert Customer.objects.get().name == "张晓梅"


def test_what_is_said_of_rows_stands_under_a_heading_that_is_true_of_them(client, bring, confirm):
    """A row that is left out, or refused, is not among those of which the page says that they are taken."""
    confirm(bring("卡号,姓名,手机\nB1,王芳,无\n", kind="customers"))
    rows = "A1,张晓梅,无\nA1,张晓梅,无\nB1,王芳,无\n,李莉,无\n"  # a card, it again, one stored already, one that has no key
    run = bring(f"卡号,姓名,手机\n{rows}", kind="customers")
    assert (run.counts["skipped"], run.counts["refused"], run.counts["warnings"]) == (2, 1, 1)
    details = client.get(run.get_absolute_url()).context["details"]
    assert [(n, rows) for _reason, n, rows in details.refused] == [(1, [5])]
    assert details.skipped == [("Row 2 says this already; it was left out.", 1, [3])]
    assert [(n, rows) for _text, n, rows in details.warnings] == [(1, [2])]
    html = client.get(run.get_absolute_url()).content.decode()
    assert html.index('id="skipped"') < html.index("Row 2 says this already") < html.index("These rows are taken")
    confirm(run)
    assert (run.counts["skipped"], run.counts["refused"], run.counts["warnings"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"<html><table></table></html>", "web page"),
        (b"PK\x03\x04 cut off", "damaged"),
        ("卡号,金额\nA1,1\n", "no column"),
        ("x,y\n1,2\n", "known column names"),
        (b"\x89PNG\r\n\x1a\n" + bytes(3000), "not a table"),
        ("日期,金额\n" + "2024-01-05,1\n" * 10_001, "more than 10000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(client, bring, kept, text, why):
    run = bring(text)
    assert run.state == "failed"
    assert why in run.problem
    assert run.problem in client.get(run.get_absolute_url()).content.decode().replace("&#x27;", "'")
    assert {"upload", "rows.spool"} & set(kept(run)) == set()


def test_bad_input_keeps_what_was_typed(client, waiting, branch):
    response = client.post(
        "/customers/imports/new/visits/",
        {"operation": key_of(client.get("/customers/imports/new/visits/")), "create_customers": "on"},
    )
    assert response.status_code == 422
    assert "checked" in response.content.decode()
    assert key_of(response) == response.wsgi_request.POST["operation"]  # sent again it is the same import
    assert send(client, b"").status_code == 422
    assert send(client, b"x" * (10 * 1024 * 1024 + 1)).status_code == 422
    assert not ImportRun.objects.exists()
    assert waiting == []


def test_a_file_of_just_the_most_bytes_is_taken(manager, monkeypatch):
    monkeypatch.setattr(forms, "MOST_BYTES", 4)
    files = {size: SimpleUploadedFile("a.csv", bytes(size)) for size in (4, 5)}
    actor = builders.actor_of(manager)
    taken = [size for size in files if forms.UploadForm({}, {"file": files[size]}, kind=CUSTOMERS, actor=actor).is_valid()]
    assert taken == [4]


def test_the_same_form_twice_is_one_import(client, waiting):
    url = "/customers/imports/new/visits/"
    key = key_of(client.get(url))
    first, second = (client.post(url, {"operation": key, "file": SimpleUploadedFile("a.csv", ROWS.encode())}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert ImportRun.objects.count() == 1
    assert client.post(url, {"operation": key, "file": SimpleUploadedFile("a.csv", b"other")}).status_code == 409


def test_storing_twice_stores_once(client, bring, confirm):
    run = bring(create_customers="on")
    key = key_of(client.get(run.get_absolute_url()))
    confirm(run)
    for _again in range(2):  # what is refused is not noted as done
        assert client.post(f"{run.get_absolute_url()}store/", {"operation": key}).status_code == 409
    other = client.post(f"{run.get_absolute_url()}store/", {"operation": key_of(client.get("/customers/imports/new/visits/"))})
    assert other.status_code == 409
    assert Visit.objects.count() == 1


def test_a_run_that_is_given_up_keeps_nothing(client, bring, folder, django_capture_on_commit_callbacks):
    run = bring()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{run.get_absolute_url()}drop/").status_code == 302
    run.refresh_from_db()
    assert run.state == "dropped"
    assert not ImportFolder(run.pk).folder.exists()
    assert client.post(f"{run.get_absolute_url()}drop/").status_code == 409


def test_while_it_works_the_page_says_how_far_it_is(client, waiting, bring, manager):
    send(client, ROWS)
    work.move_on()
    run = ImportRun.objects.get()
    ImportFolder(run.pk).note_progress(120)
    page = client.get(run.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "120 rows" in page
    fragment = client.get(f"{run.get_absolute_url()}progress/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in fragment
    ImportRun.objects.update(state="ready")
    assert client.get(f"{run.get_absolute_url()}progress/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert client.get(f"{run.get_absolute_url()}progress/").status_code == 302


def test_an_import_whose_process_is_gone_says_so(client, waiting, django_capture_on_commit_callbacks):
    send(client, ROWS)
    work.move_on()
    run = ImportRun.objects.get()
    assert not work.is_abandoned(run, timezone.now())  # it may just be starting
    until = run.started_at + timedelta(seconds=work.START_SECONDS)
    assert [work.is_abandoned(run, at) for at in (until - timedelta(microseconds=1), until)] == [False, True]
    later = timezone.now() + timedelta(minutes=1)
    if connection.vendor == "sqlite":  # PostgreSQL's lock belongs to the session, and this test has only one
        with locks.held(ImportFolder(run.pk).lock):
            assert not work.is_abandoned(run, later)
    assert work.is_abandoned(run, later)
    ImportRun.objects.update(started_at=timezone.now() - timedelta(minutes=1))
    assert "was interrupted" in client.get(run.get_absolute_url()).content.decode()
    fragment = client.get(f"{run.get_absolute_url()}progress/", headers={"HX-Request": "true"})
    assert fragment["HX-Refresh"] == "true"  # whoever watches it is told
    assert "Interrupted" in client.get("/customers/imports/").content.decode()
    assert client.post(f"{run.get_absolute_url()}drop/").status_code == 302


def test_an_import_that_is_done_is_not_called_interrupted(client, bring):
    run = bring()
    assert not work.is_abandoned(run, timezone.now() + timedelta(minutes=1))
    ImportRun.objects.update(started_at=timezone.now() - timedelta(minutes=1))
    assert (
        "nterrupted"
        not in client.get("/customers/imports/").content.decode() + client.get(run.get_absolute_url()).content.decode()
    )


def test_a_fault_while_storing_leaves_nothing(bring, confirm, monkeypatch, caplog):
    from archives.imports.importer import VisitImporter

    monkeypatch.setattr(engine, "CHUNK", 1)
    run = bring("单号,日期,金额\nR1,2024-01-05,1\nR2,2024-01-06,2\nR3,2024-01-07,3\n")
    real, calls = VisitImporter.store_chunk, []

    def store_chunk(self, groups):
        calls.append(groups)
        if len(calls) == 3:
            raise RuntimeError("broken")
        real(self, groups)

    monkeypatch.setattr(VisitImporter, "store_chunk", store_chunk)
    confirm(run)
    assert len(calls) == 3
    assert (run.state, Visit.objects.count()) == ("failed", 0)
    assert "our fault" in run.problem


def test_what_changed_between_reading_and_storing(branch, bring, confirm):
    """A card made, a visit stored meanwhile: known then, and not made twice."""
    run = bring("单号,日期,卡号,金额\nR1,2024-01-05,A1,1\nR2,2024-01-06,A2,2\n", create_customers="on")
    other = bring("单号,日期,卡号,金额\nR1,2024-01-05,A1,1\n", create_customers="on")
    confirm(other)
    confirm(run)
    assert (run.counts["visits"], run.counts["skipped"], run.counts["customers"]) == (1, 1, 1)
    assert Visit.objects.count() == Customer.objects.count() == 2


def test_a_manager_imports_into_the_own_branch_the_owner_chooses(
    client, owner, other_branch, finish, bring, django_capture_on_commit_callbacks
):
    assert bring(branch=other_branch.pk).branch != other_branch
    with django_capture_on_commit_callbacks(execute=True):
        send(builders.client_of(owner), ROWS, branch=other_branch.pk)
    assert ImportRun.objects.latest("pk").branch == other_branch
    assert ImportRun.objects.latest("pk").get_absolute_url() not in client.get("/customers/imports/").content.decode()


def test_only_who_brought_a_file_sees_its_rows(bring, owner):
    run = bring()
    page = builders.client_of(owner).get(run.get_absolute_url()).content.decode()
    assert "What will be stored" in page
    assert "“abc”" not in page
    assert "张晓梅" not in page
    assert builders.client_of(owner).get(f"{run.get_absolute_url()}refused.csv").status_code == 404


def test_reasons_are_in_the_language_of_the_page(client, bring):
    client.cookies["language"] = "zh-hant"  # this browser's choice; the person has made none
    run = bring()
    assert "「abc」不是數字。" in client.get(run.get_absolute_url()).content.decode()
    refused = client.get(f"{run.get_absolute_url()}refused.csv")
    assert "「abc」不是數字。" in b"".join(refused.streaming_content).decode("utf-8-sig")


@pytest.mark.parametrize("kind", ["customers", "visits"])
@pytest.mark.parametrize(("language", "first"), [("zh-hans", "卡号"), ("en", "card_no")])
def test_the_empty_table_can_be_read_again(manager, kind, language, first, bring):
    manager.user.language = language
    manager.user.save()
    response = builders.client_of(manager).get(f"/customers/imports/new/{kind}/template.csv")
    text = response.content.decode("utf-8-sig")
    assert first in text
    assert bring(text, kind=kind).state == "ready"


def test_an_unknown_kind_is_404(client):
    assert client.get("/customers/imports/new/money/").status_code == 404


def test_a_week_later_the_rows_are_forgotten_and_the_page_still_opens(client, bring, folder):
    run = bring()
    prune(timezone.now() + timedelta(days=6))
    assert ImportFolder(run.pk).folder.exists()
    prune(timezone.now() + timedelta(days=8))
    assert not ImportFolder(run.pk).folder.exists()
    assert client.get(run.get_absolute_url()).context["details"] is None
    assert not ImportFolder(run.pk).folder.exists()


def test_files_are_private(bring, folder):
    run = bring()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert ImportFolder(run.pk).folder.stat().st_mode & 0o777 == 0o700
    assert ImportFolder(run.pk).spool.stat().st_mode & 0o777 == 0o600


def test_queries_do_not_grow_with_the_rows(client, bring, django_assert_max_num_queries):
    run = bring("日期,金额\n" + "2024-01-05,1\n" * 500)
    with django_assert_max_num_queries(8):
        client.get(run.get_absolute_url())
    for _n in range(5):
        bring()
    with django_assert_max_num_queries(8):
        client.get("/customers/imports/")


def test_a_key_of_somebody_else_stores_nothing(client, bring, owner):
    run = bring(create_customers="on")
    key = operations.new_key(owner.user, services.STORE)
    for _again in range(2):  # what is refused is not noted as done
        assert client.post(f"{run.get_absolute_url()}store/", {"operation": key}).status_code == 409


def test_what_is_odd_is_told_once(bring, confirm):
    """Reading tells it; storing looks at the rows again."""
    run = bring("单号,日期,金额\nR1,2024-01-05,1\nR1,2024-01-05,1\n")
    assert run.counts["warnings"] == 1
    confirm(run)
    assert run.counts["warnings"] == 1


def test_what_follows_from_an_import_is_said_once_it_is_stored(client, bring, confirm, monkeypatch):
    monkeypatch.setitem(panels._panels, NOTES, [])
    panels.register(NOTES, "note", lambda actor, runs: {run.pk: "Look at them." for run in runs})
    run, unread = bring("日期,金额\n2024-01-05,1\n"), bring("x,y\n1,2\n")
    assert [client.get(each.get_absolute_url()).context.get("notes") for each in (run, unread)] == [None, None]
    confirm(run)
    page = client.get(run.get_absolute_url())
    assert page.context["notes"] == ["Look at them."]
    assert "Look at them." in page.content.decode()


def test_where_nothing_was_refused_there_is_no_table_and_no_entry_in_the_log(client, bring):
    run = bring("日期,金额\n2024-01-05,1\n")
    assert client.get(f"{run.get_absolute_url()}refused.csv").status_code == 404
    assert not AccessEntry.objects.exists()


def test_a_file_with_nothing_new_says_so(client, bring, confirm):
    confirm(bring(create_customers="on"))
    run = bring(ROWS.replace("abc", "bad"), create_customers="on")
    page = client.get(run.get_absolute_url()).content.decode()
    assert "There is nothing new in this file." in page
    assert "/store/" not in page


def test_the_preview_shows_days_as_they_were_understood_and_marks_what_is_refused(client, bring):
    run = bring("日期,卡号,金额\n46333,A1,1\n2024-13-05,A1,2\n", create_customers="on")
    page = client.get(run.get_absolute_url()).content.decode().partition("The first rows")[2]
    assert "2026-11-07" in page or "7 Nov 2026" in page
    assert "46333" not in page
    assert "2024-13-05" in page
    assert page.count("Refused") == 1


def test_the_preview_says_how_a_heading_is_read_unless_it_is_the_column_s_own_name(client, bring):
    run = bring("会员卡号,NAME,手机\nA1,张晓梅,\n", kind="customers")
    sample = client.get(run.get_absolute_url()).context["details"].sample
    assert [(heading, read_as) for heading, read_as, _cells in sample] == [("会员卡号", "卡号"), ("NAME", ""), ("手机", "")]


def test_the_preview_masks_what_a_card_would(client, bring):
    """A card number where it is her phone, as many salons number their cards; other columns by what they are."""
    run = bring("卡号,手机,微信,备注\n13800138000,138 0013 8000,13800138000,A1\nA1,13800138000,,13800138000\n", kind="customers")
    sample = client.get(run.get_absolute_url()).context["details"].sample
    assert {heading: cells for heading, _read_as, cells in sample} == {
        "卡号": ["138****8000", "A1"], "手机": ["138****8000"] * 2, "微信": ["1****", ""], "备注": ["A1", "13800138000"],
    }  # fmt: skip
