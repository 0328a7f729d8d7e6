"""Template tags of the card's pages."""

from django import template

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


@register.filter
def needs_a_look(entry, row):
    """True if something was typed into a row's masked inputs, or is wrong there, or was changed by two."""
    return any(field.errors or field.value() or field.html_name in entry.conflicts for field in row.concealed_fields)
