"""The tables of docs/samplers.md and docs/hosts.md say what was measured."""

import re

from benchmarks import conformance, hosts_page, samplers_page


def between(page: str, name: str) -> list[str]:
    inside = page.split(f"<!-- {name} -->\n", 1)[1].split(f"<!-- /{name} -->", 1)[0]
    return inside.rstrip("\n").split("\n")


def test_the_hosts_table_is_what_was_measured():
    page = samplers_page.PAGE.read_text(encoding="utf-8")
    found = samplers_page.measured(samplers_page.HOSTS)
    assert len(found) == 4
    assert between(page, "hosts") == samplers_page.of_hosts(found)


def test_every_function_has_its_row():
    page = samplers_page.PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in between(page, "functions")[2:]]
    names = [cells[0].removeprefix("| ") for cells in rows]
    schedulers = [name for name in names if name.startswith("diffusers")]
    assert names[: -len(schedulers)] == [row.name for row in conformance.ROWS]
    for name, memory, *errors, same in rows:
        assert (
            memory == "forked" or memory.startswith("placed") or re.match(r"\d|the whole", memory)
        )
        assert same == "equal |", name
        if errors[0]:
            assert errors[:2] == ["0", "0"], name


def test_the_features_are_what_was_measured():
    page = hosts_page.PAGE.read_text(encoding="utf-8")
    found = hosts_page.measured(hosts_page.FOUND)
    assert between(page, "hosts") == hosts_page.of_hosts(found)
    assert between(page, "models") == hosts_page.of_models(found)[:-1]


def test_an_answer_in_a_word():
    known = {
        "0": "exact",
        "0 and 0": "exact",
        "1 and 0": "1 of 255",
        "ok": "yes",
        None: "",
        "422: anchor: not here": "refused",
        "500: broken": "**500**",
        "37": "**37**",
    }
    assert {answer: hosts_page.cell(answer) for answer in known} == known


def test_a_sampler_in_a_few_words():
    exact = {"skip": [0, 0, ""], "black": [0, 0], "kept": [0, 0]}
    same, far = [0.0, 0, ""], [9.0, 80, ""]
    told = [9.0, 80, "approximate"]
    for row, want in (
        ({"low": same, "high": same}, "identical"),
        ({"low": same, "high": [0.0, 1, ""]}, "1 of 255"),
        ({"low": far, "high": far}, "other noise"),
        ({"low": far, "high": far, "no noise": same}, "other noise (none: identical)"),
        ({"low": told, "high": told}, "approximate (9)"),
    ):
        assert samplers_page.cell(exact | row) == want
    wrong = samplers_page.cell(exact | {"low": same, "high": same, "kept": [0.1, 3]})
    assert wrong.startswith("**") and "kept 3" in wrong
    assert samplers_page.cell({"refused": "500"}) == "the host fails"
