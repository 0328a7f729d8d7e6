"""Every address of the product: one's own log-in here, the rest by subject."""

from django.urls import include, path

from salon.accounts import views as accounts
from salon.serving.health import healthz

urlpatterns = [
    path("", include("archives.visits.urls_desk")),
    path("login/", accounts.log_in, name="login"),
    path("login/code/", accounts.second_factor, name="second_factor"),
    path("login/code/set-up/", accounts.second_factor_setup, name="second_factor_setup"),
    path("join/<str:token>/", accounts.join, name="join"),
    path("logout/", accounts.log_out, name="logout"),
    path("account/", accounts.account, name="account"),
    path("account/password/", accounts.password, name="password"),
    path("language/", accounts.language, name="language"),
    path("healthz/", healthz, name="healthz"),
    path("shop/", include("salon.shop.urls")),
    path("customers/", include("customers.urls")),
    path("visits/", include("archives.visits.urls")),
    path("tiers/", include("segmentation.runs.urls")),
    path("reports/", include("segmentation.reports.urls")),
]

handler400 = "salon.errors.bad_request"
handler403 = "salon.errors.forbidden"
handler404 = "salon.errors.not_found"
handler500 = "salon.errors.server_error"
