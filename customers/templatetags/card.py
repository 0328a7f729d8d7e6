"""Template tags of the card's pages."""

from django import template

from customers.card import show

register = template.Library()

STYLES = {"checkbox": "form-check-input", "select": "form-select"}  # Bootstrap's; form-control for the rest


@register.inclusion_tag("customers/card/_field.html")
def card_field(entry, field, css=""):
    """One input of the card's form with what is masked, and with what somebody else stored there meanwhile."""
    form, name = field.form, field.name
    masked = clear = ""
    if form is entry.form:
        masked = entry.referrer_now if name == "referrer" else form.masked(name) if name in form.concealed else ""
        clear = form[f"clear_{name}"] if f"clear_{name}" in form.fields else ""
    style = STYLES.get(getattr(field.field.widget, "input_type", ""), "form-control")
    wrong = " is-invalid" if field.errors else ""
    return {
        "entry": entry,
        "field": field,
        "input": field.as_widget(attrs={"class": f"{style}{wrong}"}),
        "is_tick": style == STYLES["checkbox"],
        "masked": masked,
        "clear": clear,
        "theirs": entry.conflicts.get(field.html_name, ""),
        "css": css,
    }


@register.simple_tag(takes_context=True)
def card_number(context, customer):
    """The card number as the person logged in may read it."""
    return customer.card_no_for(context["actor"])


@register.simple_tag(takes_context=True)
def shows_portrait(context, customer):
    """True if the person logged in may see the portrait of a customer (None: a walk-in), and there is one."""
    return bool(customer and customer.portrait) and show.sees_portrait(context["actor"], customer)


@register.filter
def needs_a_look(row):
    """True if something was typed into a row's masked inputs, as it was where two changed one, and where it is wrong."""
    return any(field.value() for field in row.concealed_fields)
