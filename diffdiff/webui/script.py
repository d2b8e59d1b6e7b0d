"""The AlwaysOn script: the host's callbacks, forwarded to the job's session."""

from __future__ import annotations

from typing import Any

from modules import scripts

from ..edit import coarse, request
from ..errors import FieldError
from ..maps.build import uses_painting, wanted
from ..maps.carried_regions import regions_of
from ..settings.schema import EditArgs
from . import (
    automap,
    batch_tab,
    drafts,
    host_hires,
    host_page,
    pieces,
    png_metadata,
    selfcheck,
    settings,
    xyz,
)
from . import coarse as host_coarse
from .job import hints
from .job.fan import FanSession
from .job.hires import HiresSession
from .job.session import NO_MAP, Session
from .job.sheet import SheetSession
from .panel import drafting, panel, sources
from .refusal import completed, fail_job, finished

TITLE = "Differential Diffusion"
Script: Any = scripts.Script  # the host is not there for the type checker
SESSIONS = {"fan": FanSession, "sheet": SheetSession}  # by mode; edits have `Session`


def edit(p: Any, values: tuple[Any, ...]) -> Session | None:
    """Return the session of a job, None for a job without this extension.

    Raises:
        FieldError: for anything that cannot be used.
    """
    settings_and_maps = request.read({**request.request_of(values), **xyz.chosen(p)})
    if settings_and_maps is None:
        return None
    args, change_maps = settings_and_maps
    session = _session(p, drafts.settings(p, args), change_maps)
    if session is not None and drafts.of_job(p) is not None:
        session.requested = args  # the infotext is of the run that it is a draft of
    if session is not None and len(change_maps) == 1 and session.raw is change_maps:
        session.carried.regions = regions_of(request.request_of(values).get("map"))
    return session


def _session(p: Any, args: EditArgs, change_maps: list[Any]) -> Session | None:
    """Return the session of a job with checked settings and its painted or sent maps."""
    if host_hires.is_text_job(p):
        if coarse.wanted(args):
            field = "move" if args.move else "outpaint"
            raise FieldError(field, "txt2img has no image to begin with", "Use img2img")
        selfcheck.check({"hires": "enabled", **wanted_features(args)})
        return HiresSession(p, args, change_maps)
    # without an init image the host has its own words
    if not all(getattr(p, "init_images", None) or [None]):
        return None
    selfcheck.check(wanted_features(args))
    places = pieces.usable(pieces.of_job(p), args, change_maps, p)
    change_maps = batch_tab.map_from_folder(p, args, change_maps)
    if wanted(args) and change_maps and not uses_painting(args):
        hints.unused(p, args.source)
    if wanted(args) and (args.needs_map or args.mode != "fan"):
        change_maps = automap.of_job(p, args, change_maps, places)
    if coarse.wanted(args):
        host_coarse.check(p, args, places is not None)
        change_maps, coarse_job = host_coarse.apply(p, args, change_maps)
        with coarse_job:
            session = Session(p, args, change_maps)
            session.stack.enter_context(coarse_job.pop_all())
        return session
    if args.needs_map and not change_maps:
        raise FieldError("map", "there is no change map", NO_MAP)
    if places is not None:
        return Session(p, args, change_maps, pieces.maps(places, change_maps, p, args))
    return SESSIONS.get(args.mode, Session)(p, args, change_maps)


def wanted_features(args: EditArgs) -> dict[str, str]:
    """Return what a job needs beyond the hold: feature -> the field that requires it."""
    features = {args.mode: "mode", args.anchor: "anchor", args.source: "source"}
    return {name: field for name, field in features.items() if name in selfcheck.NEEDS}


class DifferentialDiffusion(Script):
    """Give every pixel its own denoising strength, in img2img and in hires fix."""

    def __init__(self) -> None:
        super().__init__()
        self.tab: dict[str, Any] = {}
        self.results: dict[int, Any] = {}  # what shows the tab's, by place
        self.panel: panel.Panel | None = None
        self.is_text = False  # whether the panel is in txt2img
        xyz.register()  # all scripts are loaded, and none has built its controls

    def title(self) -> str:
        return TITLE

    def show(self, is_img2img: bool) -> Any:
        there = is_img2img or "hires" not in selfcheck.missing()
        return scripts.AlwaysVisible if there else False

    def elem_id(self, item_id: Any) -> str:
        """Return the id of a control; in img2img without the tab's name, as long as there is no
        need for it."""
        return super().elem_id(item_id).replace("script_img2img_", "script_", 1)

    def ui(self, is_img2img: bool) -> list[Any]:
        self.is_text = not is_img2img
        self.panel = panel.build(self.elem_id, self.is_text)
        self.infotext_fields = self.panel.pasted
        return [*self.panel.controls.values(), self.panel.draft.word]

    def after_component(self, component: Any, **kwargs: Any) -> None:
        """Collect the tab's own components; after the last one, connect the panel."""
        name = host_page.name_of(component, not self.is_text)
        place = host_page.result_of(component, not self.is_text)
        if name is not None:
            self.tab[name] = component
        if place is not None:
            self.results[place] = component
        if host_page.is_last(component, not self.is_text) and self.panel is not None:
            drafting.connect(self.panel.draft, self.results, len(host_page.RESULTS))
            sources.connect(self.panel.source, self.panel.controls, self.tab, self.panel.pasted)

    def before_process(self, p: Any, *values: Any) -> None:
        try:
            self.finish(p)
            p.diffdiff = None
            drafts.begin(p, values)
            p.diffdiff = edit(p, values)
        except Exception as error:
            p.diffdiff = None
            fail_job(p, error)

    def process(self, p: Any, *values: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is None:
            return
        try:
            if session.size != (p.width, p.height):  # the host has changed it since
                pieces.check_size(p, session.size)
                self.before_process(p, *values)
                session = p.diffdiff
            if session is not None:
                session.begin(p)
        except Exception as error:
            fail_job(p, error)

    def process_batch(self, p: Any, *values: Any, **kwargs: Any) -> None:
        drafts.write_infotext(p)

    def process_before_every_sampling(self, p: Any, *values: Any, **kwargs: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is not None:
            try:
                session.attach(p)
            except Exception as error:
                fail_job(p, error, under_way=True)

    def postprocess_batch(self, p: Any, *values: Any, images: Any = (), **kwargs: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is not None:
            session.finite.decoded(images)

    def postprocess_image(self, p: Any, pp: Any, *values: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is not None:
            with finished(p, pp):
                session.finite.check_picture(p.batch_index)
                pp.image = session.recolor(p, pp.image, p.batch_index)

    def postprocess_maskoverlay(self, p: Any, ppmo: Any, *values: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is not None and session.skips_host_overlay(p):
            ppmo.overlay_image = None

    def postprocess_image_after_composite(self, p: Any, pp: Any, *values: Any) -> None:
        session = getattr(p, "diffdiff", None)
        if session is not None:
            with finished(p, pp):
                pp.image = session.composite(p, pp.image, p.batch_index)
                png_metadata.attach(pp.image, session, p.batch_index, settings.get("embed_map"))

    def postprocess(self, p: Any, processed: Any, *values: Any) -> None:
        session = getattr(p, "diffdiff", None)
        with completed(processed):
            try:
                if session is not None:
                    session.deliver(p, processed)
            finally:
                self.finish(p)
                pieces.keep(p, processed)

    @staticmethod
    def finish(p: Any) -> None:
        """Give a job back what was changed for its length. A job that failed never comes here: its
        object dies, or the next job on it begins with this."""
        refused = getattr(p, "diffdiff_refused", None)
        if refused is not None:
            refused.close()
        session = getattr(p, "diffdiff", None)
        if session is not None:
            session.close()
