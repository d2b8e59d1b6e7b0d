"""The fuzzer itself: what it calls a fault, and a few hundred of its cases."""

import os
import random
import time

import pytest

from benchmarks import fuzz
from benchmarks.fuzzing.bombs import BOMBS, exif_png, saved
from benchmarks.fuzzing.pictures import file
from benchmarks.fuzzing.watch import Case, Verdict, judged, seeded, watch
from diffdiff.errors import FieldError
from diffdiff.images import read as decode
from diffdiff.images import untrusted
from diffdiff.maps import geometry
from diffdiff.settings import infotext
from diffdiff.settings.schema import fields

NAMES = frozenset(["map"])


def case(run, **more):
    return Case("kind", run, NAMES, **more)


def refuse(field="map", problem="it is wrong", remedy="Send another"):
    raise FieldError(field, problem, remedy)


def troubled(seed, index):
    """Cases of which some take the process with them."""
    return case([lambda: 1, lambda: time.sleep(60), lambda: os._exit(7), refuse][index % 4])


class TestVerdicts:
    @pytest.mark.parametrize(
        ("one", "outcome"),
        [
            (case(lambda: 1), "accepted"),
            (case(lambda: 1, good=True), "accepted"),
            (case(lambda: 1, good=False), "unsound"),
            (case(lambda: 1, sound=lambda result: result == 2), "unsound"),
            (case(refuse), "refused"),
            (case(refuse, good=True), "unsound"),
            (case(lambda: refuse(field="mpa")), "unclear"),
            (case(lambda: refuse(problem="")), "unclear"),
            (case(lambda: refuse(remedy=" ")), "unclear"),
            (case(lambda: refuse(problem="x" * 3000)), "unclear"),
            (case(lambda: refuse(problem="\ud800")), "refused"),  # an error writes it as its number
            (case(lambda: {}["map"]), "crash"),
            (case(lambda: ValueError("map")), "accepted"),
        ],
    )
    def test_outcomes(self, one, outcome):
        verdict = judged(one)
        assert verdict.outcome == outcome
        assert all(fuzz.held([verdict]).values()) == (outcome in ("accepted", "refused"))

    def test_a_crash_says_where(self):
        assert "KeyError at test_fuzz.py" in judged(case(lambda: {}["map"])).note

    @pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="Linux tells the peak")
    def test_memory_of_a_bomb(self):
        def greedy():
            kept = bytearray(os.urandom(1) * 2**27)
            refuse(problem=f"{len(kept)} bytes")

        assert judged(case(greedy)).outcome == "refused"
        verdict = judged(case(greedy, bomb=True))
        assert verdict.outcome == "memory" and verdict.mb > 100

    def test_hangs_and_dead_processes_cost_one_case_each(self):
        outcomes = [v.outcome for v in watch(troubled, 0, range(5), limit=1.0)]
        assert outcomes == ["accepted", "hang", "crash", "refused", "accepted"]

    def test_the_table(self):
        text = fuzz.table([Verdict(0, "a", "accepted", 5, 1.25), Verdict(1, "a", "hang", 9)])
        assert text.splitlines()[1].split() == "a 2 1 0 1 9 1.2".split()

    def test_cases_depend_on_seed_and_number_alone(self):
        assert seeded(1, 2).random() == seeded(1, 2).random()
        assert len({seeded(s, i).random() for s in range(3) for i in range(3)}) == 9
        kinds = [fuzz.make(0, i).kind for i in range(90)]
        assert kinds == [fuzz.make(0, i).kind for i in range(90)]


class TestRun:
    def test_hundreds_of_cases(self, capsys):
        status = fuzz.main(["--cases", "450", "--seed", "3", "--limit", "30"])
        out = capsys.readouterr().out
        assert status == 0, out
        assert "5 of 5 goals hold" in out and "450 cases" in out

    def test_a_fault_ends_with_1(self, capsys, monkeypatch):
        monkeypatch.setattr(fuzz, "watch", lambda *given: [Verdict(0, "map", "crash", note="why")])
        assert fuzz.main(["--cases", "1"]) == 1
        out = capsys.readouterr().out
        assert "crash, case 0, map: why" in out and "4 of 5 goals hold" in out


class TestBombs:
    @pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.__name__)
    @pytest.mark.parametrize("read", [geometry.decode, decode.decode_picture])
    def test_each_is_refused_cheaply(self, bomb, read):
        data = bomb(random.Random(1))
        verdict = judged(case(lambda: read(data, "map"), good=False, bomb=True))
        assert verdict.outcome == "refused", verdict

    @pytest.mark.parametrize("read", [geometry.decode, decode.decode_picture])
    def test_a_good_picture_with_such_exif_is_read_without_it(self, read):
        data = exif_png(random.Random(1))
        assert judged(case(lambda: read(data), good=True, bomb=True)).outcome == "accepted"

    def test_ordinary_files_are_in_no_trouble(self):
        for i in range(300):
            assert untrusted.trouble(file(random.Random(i))) is None


class TestFound:
    """Faults that the fuzzer found, each by itself."""

    def test_a_map_that_becomes_huge_on_its_way(self):
        m = geometry.decode(saved("PNG"))
        with pytest.raises(FieldError) as caught:
            geometry.follow(m, 1, (16384, 2), 1024, 1024)
        assert caught.value.field == "resize_mode" and "8388608x1024" in str(caught.value)
        assert geometry.follow(m, 0, (16384, 2), 64, 64).shape == (64, 64)

    @pytest.mark.parametrize("field", ["width", "height"])
    def test_a_job_without_pixels(self, field):
        size = {"width": 64, "height": 64, field: 0}
        with pytest.raises(FieldError) as caught:
            geometry.follow(geometry.decode(saved("PNG")), 1, (64, 64), **size)
        assert caught.value.field == field

    def test_a_level_of_400_digits(self):
        with pytest.raises(FieldError) as caught:
            geometry.levels(geometry.decode(saved("PNG")), 10**400, 1, 1)
        assert caught.value.field == "black"

    @pytest.mark.parametrize("text", ["True", "nan", "-inf", "1e999", "", "9" * 5000, "\ud800"])
    def test_parameters_that_say_nothing(self, text):
        for name, info in fields().items():
            params = {"DD enabled": "True", infotext.key(name): text}
            value = infotext.reader(name)(params)
            if info["type"] is not str and info["default"] is not None:
                assert isinstance(value, bool) or value == info["default"], name
            elif info["choices"]:
                assert value in info["choices"]
