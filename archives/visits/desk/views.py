"""The front desk: who comes today, who is here, what is missing; and the customers expected on other days."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives.visits.bills.entries import EntryError
from archives.visits.desk import arrivals, queries
from archives.visits.desk.forms import ExpectForm
from archives.visits.models import UNFINISHED, Visit
from archives.visits.queries import customer_to_serve, with_details
from archives.visits.undo import services as undo
from salon import access, operations, panels, text
from salon.dates import day_from
from salon.errors import Conflict
from salon.links import way_back
from salon.shop.models import Item

GREETINGS = (  # from this hour on
    (18, gettext_lazy("Good evening, %(name)s")),
    (13, gettext_lazy("Good afternoon, %(name)s")),
    (11, gettext_lazy("Good day, %(name)s")),
    (5, gettext_lazy("Good morning, %(name)s")),
    (0, gettext_lazy("Good evening, %(name)s")),
)


def _greeting(actor):
    """A greeting that fits the hour at the branch, with the given name."""
    zone = ZoneInfo(actor.branch.time_zone or settings.TIME_ZONE)
    hour = actor.now.astimezone(zone).hour
    words = next(words for since, words in GREETINGS if hour >= since)
    return words % {"name": given_name(actor.staff.name)}


def given_name(name):
    """What colleagues call somebody: 林晓彤 is 晓彤, Ann Smith is Ann. 王芳 stays whole, nobody is called by one character;
    阿依古丽 too, no Chinese given name is so long.
    """
    if not name or not text.is_han(name[0]):
        return name.partition(" ")[0]
    given = name[text.surname_length(text.fold(name)) :]
    return given if len(given) == 2 else name


@require_safe
def home(request):
    """The front desk."""
    actor = request.actor
    context = _today(request, undoable=undo.undoable_move(actor, request.GET.get("undo", ""))) | {
        "greeting": _greeting(actor),
        "tomorrow": queries.board(actor, actor.today + timedelta(days=1), with_hints=True),
        "sections": panels.collect("desk.sections", actor, [actor.branch])[actor.branch.pk],
    }
    return render(request, "archives/visits/desk.html", context)


@require_safe
def desk_today(request):
    """The list of today alone, as the page asks for it every minute."""
    return render(request, "archives/visits/_today.html", _today(request) | {"is_fragment": True})


def _today(request, problem="", undoable=None):
    actor = request.actor
    return {
        "groups": queries.board(actor, actor.today),
        "figures": queries.figures(actor, actor.today),
        "takings": queries.takings(actor, actor.today),
        "problem": problem,
        "undoable": undoable,
    }


@require_POST
def move(request, pk):
    """Move a visit to another state: arrived, in care, no-show, cancelled, or one back; `undo` takes a step back just taken."""
    visit = access.get(request.actor, Visit.objects.select_related("customer", "branch"), pk=pk)
    actor = access.at(request.actor, visit.branch)
    problem = token = ""
    try:
        if "undo" in request.POST:
            undo.undo_move(actor=actor, visit=visit, token=request.POST["undo"])
        else:
            token = undo.move_token(actor, arrivals.move_visit(actor=actor, visit=visit, to=request.POST.get("to", "")))
    except Conflict as conflict:
        problem = str(conflict)
    if request.htmx:
        today = _today(request, problem, undo.undoable_move(actor, token))
        return render(request, "archives/visits/_today.html", today | {"is_fragment": True})
    if problem:
        messages.error(request, problem)
    return redirect(_way_back(request, visit, token))


def _way_back(request, visit, token):
    """Where the step was taken, with what undoes it: the front desk and the page of the visit show that."""
    path = urlsplit(way_back(request)).path
    shows_undo = path in (reverse("home"), visit.get_absolute_url())
    return f"{path}?{urlencode({'undo': token})}" if token and shows_undo else _without_undo(way_back(request))


def _without_undo(url):
    path, _mark, query = url.partition("?")
    return path if query.startswith("undo=") else url


@require_http_methods(["GET", "HEAD", "POST"])
def expect(request):
    """A customer is expected, or has just come in: ?customer=ID, ?on=DATE, ?like=VISIT (for the same, by the same)."""
    actor = request.actor
    asked = request.GET.get("customer")
    customer = customer_to_serve(actor, asked) if asked else None
    if request.method != "POST":
        initial = {"on": _day_asked(request), "channel": "phone"}
        if "like" in request.GET:
            initial |= _like(access.get(actor, with_details(Visit.objects.all()), pk=request.GET["like"]))
        return _expect_page(request, ExpectForm(actor=actor, customer=customer, initial=initial))
    form = ExpectForm(request.POST, actor=actor, customer=customer, is_sent_again=lambda: operations.is_used(*_key(request)))
    if form.is_valid():
        try:
            return _expected(request, form)
        except EntryError as problem:
            form.add_error(problem.where or None, problem)
    return _expect_page(request, form, 422)


def _key(request):
    """The key of the button that was pressed, for operations."""
    name, action = ("operation_here", "check_in") if "here" in request.POST else (operations.FIELD, "expect")
    return request.POST.get(name), request.user, action


def _like(visit):
    """What a customer is expected for after a visit: the same services, by who did most of the first; arranged in the shop."""
    services = [line for line in visit.lines.all() if line.kind == Item.SERVICE]
    people = [share.staff_id for line in services for share in line.shares.all()]
    assigned = people[0] if people else visit.assigned_id
    return {"items": [line.item_id for line in services], "assigned": assigned, "channel": "shop"}


def _day_asked(request):
    try:
        return day_from(request.GET["on"])
    except (KeyError, ValueError):
        return request.actor.today


def _expected(request, form):
    """Store what the form says. Raises EntryError."""
    actor, data = request.actor, form.cleaned_data
    shared = {
        "actor": actor,
        "branch": actor.branch,
        "customer": form.chosen,
        "items": data["items"],
        "assigned": data["assigned"],
    }
    if "here" in request.POST:
        arrivals.check_in(key=operations.read_key(*_key(request)), **shared)
        messages.success(request, _("%(name)s is here.") % {"name": form.chosen.name})
        return redirect("home")
    key = operations.read_key(*_key(request))
    visit = arrivals.expect_visit(key=key, on=data["on"], at=data["at"], channel=data["channel"], **shared)
    messages.success(request, _("Expected: %(name)s, %(when)s.") % {"name": form.chosen.name, "when": _when(visit)})
    return redirect("home")


def _when(visit):
    day = formats.date_format(visit.expected_on, "DATE_FORMAT")
    return f"{day} {visit.expected_time:%H:%M}" if visit.expected_time else day


@require_http_methods(["GET", "HEAD", "POST"])
def expect_edit(request, pk):
    """Another day, time, person or other items for a visit that is not done."""
    visits = Visit.objects.filter(status__in=UNFINISHED, expected_on__isnull=False, customer__isnull=False)
    visit = access.get(request.actor, visits.select_related("customer", "branch"), pk=pk)
    actor = access.at(request.actor, visit.branch)
    planned = [each.item for each in visit.planned.select_related("item")]
    initial = {
        "on": visit.expected_on,
        "at": visit.expected_time,
        "items": planned,
        "assigned": visit.assigned_id,
        "channel": visit.channel,
    }
    form = ExpectForm(request.POST or None, actor=actor, customer=visit.customer, planned=planned, visit=visit, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            fields = {name: data[name] for name in ("on", "at", "items", "assigned", "channel")}
            visit = arrivals.change_expected(actor=actor, visit=visit, **fields)
        except EntryError as problem:
            form.add_error(problem.where or None, problem)
        else:
            messages.success(request, _("Expected: %(name)s, %(when)s.") % {"name": visit.customer.name, "when": _when(visit)})
            return redirect("home")
    return _expect_page(request, form, 422 if request.method == "POST" else 200, visit)


def _expect_page(request, form, status=200, visit=None):
    context = {"form": form, "visit": visit, "customer": form.chosen}
    if visit is None:
        sent = request.POST if request.method == "POST" else {}
        context["operation_key"] = sent.get(operations.FIELD) or operations.new_key(request.user, "expect")
        context["operation_here"] = sent.get("operation_here") or operations.new_key(request.user, "check_in")
    return render(request, "archives/visits/expect.html", context, status=status)
