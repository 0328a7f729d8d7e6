from django.http import HttpResponse


def stub(request, **kwargs):
    return HttpResponse("stub")


log_in = second_factor = second_factor_setup = join = log_out = account = password = language = locked_out = stub
