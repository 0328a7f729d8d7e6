"""Which files of tests a part of the suite reads, so that no worker reads what none of it runs, and which begin first.

Standard library only.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent

# What the short suite runs on PostgreSQL too: what a database can change, which is queries and their plans, services,
# constraints, guards, locks, imports, runs, backups, search, lists. Pages, words and files stand once, on SQLite; the long suite
# runs the rest of it on PostgreSQL. A folder stands for all in it.
ON_BOTH = """
archives/imports archives/visits/test_amounts.py archives/visits/test_another_customer.py archives/visits/test_arrivals.py
archives/visits/test_checks.py archives/visits/test_desk_moves.py archives/visits/test_desk_page.py
archives/visits/test_entered_again.py archives/visits/test_entry_save.py archives/visits/test_guests_of_other_branches.py
archives/visits/test_identify.py archives/visits/test_means.py archives/visits/test_older_pages.py
archives/visits/test_panels.py archives/visits/test_plan_questions.py archives/visits/test_queries.py
archives/visits/test_record.py archives/visits/test_refund_page.py archives/visits/test_take_back.py
archives/visits/test_undo.py customers/card/test_create.py customers/card/test_edit.py customers/card/test_given_names.py
customers/card/test_history.py customers/card/test_list.py customers/card/test_lookup.py customers/card/test_search.py
customers/card/test_stale.py customers/imports customers/privacy salon/accounts/test_join.py
salon/accounts/test_recovery_codes.py salon/accounts/test_second_factor.py salon/accounts/test_services.py salon/backups
salon/database/test_replica.py salon/database/test_rows.py salon/database/test_sequences.py salon/database/test_sessions.py
salon/nightly salon/serving/test_boot.py salon/serving/test_health.py salon/serving/test_serve.py salon/shop/test_editing.py
salon/shop/test_first_branch.py salon/shop/test_queries.py salon/storage/test_data_directory.py salon/storage/test_full_disk.py
salon/test_errors.py salon/test_guards.py salon/test_lists.py salon/test_operations.py salon/test_panels.py segmentation/demo
segmentation/imports segmentation/reports/test_workbook.py segmentation/runs/test_before_the_first_run.py
segmentation/runs/test_concentration.py segmentation/runs/test_export.py segmentation/runs/test_ladder.py
segmentation/runs/test_list_at_size.py segmentation/runs/test_recompute.py test_guarded_tables.py test_locks.py
""".split()  # noqa: SIM905

# What the short suite leaves to SQLite. A new file stands in one of these lists: where it is left out of both, a test says so.
ON_SQLITE = """
archives/visits/test_entry_page.py archives/visits/test_entry_rules.py archives/visits/test_entry_starts.py
archives/visits/test_entry_typed.py archives/visits/test_export.py archives/visits/test_pages.py
archives/visits/test_saved_page.py archives/visits/test_whole_or_not.py archives/visits/test_words.py
customers/card/test_birthdays.py customers/card/test_detail.py customers/card/test_export.py customers/card/test_finding.py
customers/card/test_masking.py customers/card/test_naughty.py customers/card/test_portraits.py customers/card/test_safety.py
customers/card/test_whole_and_ordered.py customers/card/test_whole_numbers.py customers/exports/test_files.py
customers/exports/test_shelf.py customers/test_card_tags.py salon/accounts/test_account.py salon/accounts/test_backend.py
salon/accounts/test_commands.py salon/accounts/test_log_in.py salon/accounts/test_sessions.py
salon/database/test_database_gone.py salon/database/test_indexes.py salon/database/test_integrity.py salon/photos/test_jpeg.py
salon/photos/test_pictures.py salon/serving/test_bodies.py salon/serving/test_connections.py salon/shop/test_branches.py
salon/shop/test_items.py salon/shop/test_naughty.py salon/shop/test_orders.py salon/shop/test_parts.py
salon/shop/test_settings.py salon/spreadsheets/test_cells.py salon/spreadsheets/test_tables.py salon/spreadsheets/test_xlsx.py
salon/staff/test_log_ins.py salon/staff/test_saving.py salon/staff/test_staff.py salon/test_access.py salon/test_address.py
salon/test_charts.py salon/test_dates.py salon/test_drafts.py salon/test_forms.py salon/test_headers.py salon/test_money.py
salon/test_settings.py salon/test_text.py segmentation/reports/test_breakdown.py segmentation/reports/test_page.py
segmentation/runs/test_list.py segmentation/runs/test_list_export.py segmentation/runs/test_lower_pages.py
segmentation/runs/test_overview.py segmentation/scoring/test_abc.py segmentation/scoring/test_rfm.py segmentation/test_tags.py
test_access.py test_bench.py test_bench_tiers.py test_catalogs.py test_customer_rows.py test_forms.py test_guessing.py
test_hostile_requests.py test_house.py test_install.py test_languages.py test_masking.py test_mutate.py test_panels.py
test_past_days.py test_readme.py test_run.py test_shared.py test_tokens.py test_words.py
""".split()  # noqa: SIM905


# The files that take longest begin first: a worker that comes to one of them last keeps the others waiting.
FIRST = """
test_hostile_requests.py long/test_restore_drill.py test_bench.py long/test_database_away.py long/test_nothing_lost.py
long/test_tier_runs.py test_access.py salon/serving/test_serve.py salon/backups/test_commands.py
salon/database/test_database_gone.py salon/database/test_replica.py segmentation/runs/test_list.py test_languages.py
salon/spreadsheets/test_tables.py customers/card/test_whole_numbers.py customers/card/test_stale.py
customers/imports/test_branches.py salon/accounts/test_log_in.py salon/serving/test_connections.py customers/card/test_list.py
customers/card/test_naughty.py archives/imports/test_live.py salon/storage/test_data_directory.py browser/test_every_page.py
browser/test_drafts.py browser/test_visit_by_keyboard.py browser/test_manager.py browser/test_refund.py browser/test_reach.py
""".split()  # noqa: SIM905
RANKS = {path: rank for rank, path in enumerate(FIRST)}


def arranged(scopes, workers):
    """The scopes of a run (test files, classes) in the order of running; each is (its file, from the folder of tests on; itself).

    The longest first; but each worker takes two at once, so what comes behind those it begins with is short.
    """
    scopes = sorted(scopes, key=lambda scope: RANKS.get(scope[0], len(FIRST)))
    if workers < 2 or len(scopes) < 4 * workers:
        return scopes
    return [*scopes[:workers], *scopes[-workers:], *scopes[workers:-workers]]


def is_on_both(path):
    """True for a test file, named from the folder of tests, that the short suite runs on PostgreSQL too."""
    return any(path == place or path.startswith(f"{place}/") for place in ON_BOTH)


def _says(word):
    return lambda path: word in (FOLDER / path).read_text(encoding="utf-8")


# By the marks of a part, as pytest is told them.
READ_BY = {
    "database and not long": is_on_both,
    "long and not alone": _says("pytest.mark.long"),
    "alone": _says("pytest.mark.alone"),
}


def files_of(marks):
    """What pytest is told to read for these marks; the browser's tests are a run of their own."""
    if marks not in READ_BY:
        return ["--ignore=tests/browser"]
    paths = (path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.glob("**/test_*.py")))
    return [f"tests/{path}" for path in paths if not path.startswith("browser/") and READ_BY[marks](path)]
