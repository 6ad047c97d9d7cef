"""The desks' plumbing: pages or fragments, forms with CSRF, headers on every answer, navigation.

`DeskBlueprint` marks server-rendered pages: they get CSRF, `no-store` and the navigation. `auth`
tells who is asking through `identify_with()`; a guard refuses any view that is neither `@public`
nor behind `@requires` (which leaves its mark in `__permissions__`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from config.forms import detail_of, say
from config.headers import set_headers
from config.i18n import here, set_language
from config.problems import render_pages_with
from config.sessions import DeskSessions
from config.settings import Settings, settings

View = TypeVar("View", bound=Callable[..., Any])

STATE = "nssf.web"
STATIC = Path(__file__).parent / "static"
csrf = CSRFProtect()


@dataclass(frozen=True, slots=True)
class DeskLink:
    """One entry of the navigation: shown to who holds one of the permissions (none: everybody).

    `home_of` names roles that start here although an earlier desk is open to them too.
    """

    label: str
    endpoint: str
    permissions: tuple[str, ...] = ()
    order: int = 50
    home_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A part a higher package adds to a lower one's page, for holders of the permission.

    `context` turns what the page gives into what the part's template needs.
    """

    place: str
    template: str
    permission: str
    context: Callable[[dict[str, Any]], dict[str, Any]] = dict


class _Web:
    """What the wiring of the packages told the desks' plumbing about themselves."""

    def __init__(self) -> None:
        self.links: list[DeskLink] = []
        self.panels: list[Panel] = []
        self.words: dict[str, dict[str, str]] = {}
        self.who: Callable[[], Any] = lambda: None


class DeskBlueprint(Blueprint):
    """A blueprint of server-rendered pages; `links` go to the navigation, `words` to `|word`."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        links: tuple[DeskLink, ...] = (),
        words: Mapping[str, Mapping[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("template_folder", "templates")
        super().__init__(name, import_name, **kwargs)
        self.links = links
        self.words = words or {}

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Register the views and hand links and words to the plumbing."""
        state = web_state(app)
        state.links = sorted([*state.links, *self.links], key=lambda link: link.order)
        for vocabulary, words in self.words.items():
            state.words.setdefault(vocabulary, {}).update(words)
        super().register(app, options)


def web_state(app: Flask) -> _Web:
    """Return the plumbing's state on an application, made on first use."""
    state: _Web = app.extensions.setdefault(STATE, _Web())
    return state


def identify_with(app: Flask, who: Callable[[], Any]) -> None:
    """Let `auth` say who is asking: a value with `subject` and `permissions`, or None."""
    web_state(app).who = who


def add_panel(app: Flask, panel: Panel) -> None:
    """Add a part of a higher package to a page of a lower one."""
    web_state(app).panels.append(panel)


def public(view: View) -> View:
    """Mark a view that anybody may call without signing in."""
    view.__public__ = True  # type: ignore[attr-defined]
    return view


def is_fragment_request() -> bool:
    """Tell whether htmx asks for a part of the page rather than the page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render(template: str, fragment: str | None = None, **context: Any) -> str:
    """Render the page, or for htmx the fragment: a template of its own, or a block's name."""
    g.varies_by_htmx = True
    if not is_fragment_request():
        return render_template(template, **context)
    if fragment and fragment.endswith(".html"):
        return render_template(fragment, **context)
    page = current_app.jinja_env.get_template(template)
    name = fragment or "fragment"
    if name not in page.blocks:
        return render_template(template, **context)
    current_app.update_template_context(context)
    return "".join(page.blocks[name](page.new_context(context)))


def go(endpoint: str, **values: Any) -> WerkzeugResponse:
    """Send the browser on after a form was carried out (303, so that reload repeats nothing)."""
    return redirect(url_for(endpoint, **values), code=303)


def word(code: Any, vocabulary: str) -> str:
    """Return the word people use for a code, in their language; the code itself if it has none."""
    if code is None or code == "":
        return ""
    known = web_state(current_app).words.get(vocabulary, {}).get(str(code))
    return gettext(known) if known else str(code)


def choices(vocabulary: str, only: Any = None) -> list[tuple[str, str]]:
    """Return the codes of a vocabulary with their words, for a list to choose from."""
    words = web_state(current_app).words[vocabulary]
    codes = words if only is None else [str(code) for code in only]
    return [(code, word(code, vocabulary)) for code in codes]


def _actor() -> Any:
    """Return who is asking; nobody on the page of a failure, which must not fail again."""
    return None if g.get("page_of_failure") else web_state(current_app).who()


def may(*permissions: str) -> bool:
    """Tell whether who is asking holds one of the permissions."""
    actor = _actor()
    return actor is not None and any(p in actor.permissions for p in permissions)


def desk_links() -> list[DeskLink]:
    """Return the navigation of who is asking."""
    links = web_state(current_app).links
    return [link for link in links if not link.permissions or may(*link.permissions)]


def panels(place: str, **given: Any) -> list[Markup]:
    """Render the parts other packages add to a place, as far as the person may see them."""
    shown = [p for p in web_state(current_app).panels if p.place == place and may(p.permission)]
    made = [render_template(p.template, **given | p.context(given)) for p in shown]
    return [Markup(html) for html in made]  # noqa: S704 - our own templates, which escape


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of an own static file; its content's hash lets browsers keep it."""
    return url_for("static", filename=name, v=_digest(name))


def _is_desk() -> bool:
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return isinstance(blueprint, DeskBlueprint)


@cache
def _is_guarded(view: Any, asked: str) -> bool:
    if hasattr(view, "__public__") or hasattr(view, "__permissions__"):
        return True
    view_class = getattr(view, "view_class", None)
    method = getattr(view_class, asked.lower(), None)
    return hasattr(method, "__public__") or hasattr(method, "__permissions__")


def _refuse_unguarded() -> None:
    """Fail loudly on a view whose author forgot to say who may call it."""
    endpoint, method = request.endpoint, request.method
    if endpoint is None or endpoint == "static" or method == "OPTIONS":
        return
    if not _is_guarded(current_app.view_functions[endpoint], method):
        raise RuntimeError(f"{endpoint} is neither public nor behind a permission")


def _protect_forms() -> None:
    if _is_desk():
        csrf.protect()


def _context() -> dict[str, Any]:
    return {"actor": _actor(), "is_demo": settings().demo}


class _Macros:
    """The macros of `_macros.html` as the global `ui`, found when first used in a template."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.jinja_env.get_template("_macros.html").module, name)


def problem_page(body: dict[str, Any]) -> str:
    """Render a problem for a person: within the page for htmx, else as a page of its own."""
    g.page_of_failure = body["status"] >= 500
    fragment = "_problem.html" if is_fragment_request() else "problem.html"
    return render_template(fragment, problem=body | {"detail": detail_of(body)})


def init_web(app: Flask, configured: Settings | None = None) -> None:
    """Set up pages, forms, headers, the language switch and the guard on the application."""
    configured = configured or settings_of(app)
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=configured.secure)
    app.session_interface = DeskSessions()
    csrf.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["word"] = word
    app.jinja_env.globals.update(
        ui=_Macros(app), asset=asset, choices=choices, may=may, panels=panels,
        desk_links=desk_links, here=here, say=say, is_fragment=is_fragment_request,
        csrf_token=generate_csrf,
    )  # fmt: skip
    app.context_processor(_context)
    app.before_request(_refuse_unguarded)
    app.before_request(_protect_forms)
    app.after_request(set_headers)
    render_pages_with(problem_page)
    pages = DeskBlueprint("web", __name__, template_folder=None)
    pages.post("/language", endpoint="language")(public(set_language))
    pages.get("/", endpoint="home")(public(home))
    app.register_blueprint(pages)


def settings_of(app: Flask) -> Settings:
    """Return the settings of an application that is still being built."""
    with app.app_context():
        return settings()


def home() -> WerkzeugResponse | str:
    """Send each person to the desk of their role; strangers to the sign-in."""
    actor = _actor()
    if actor is None:
        return redirect("/login", code=303)
    mine = [link for link in desk_links() if link.permissions]
    own = [link for link in mine if set(link.home_of) & set(actor.roles)]
    if not mine:
        return render_template("home.html")
    return go((own or mine)[0].endpoint)
