"""Loading policies: what is refused, and how it is said."""

import pytest

from ostler.core.errors import BadInput
from ostler.policies.policyset import default_site, load_policies, policies_from

HEAD = '@id("x") @reason("r") @owner("o")\n'


def refused(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        load_policies({"mine.cedar": text})
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("permt (principal, action, resource);", 1, "permt"),
        (HEAD + "permit (principal, action, resource)\nwhen { context.rows > };", 3, "`}`"),
        ('// a ; "comment"\n' + HEAD + "permit (principal,\n", 2, "does not end"),
        (HEAD + "permit (principal, action, resource)\n\n// and\n" + HEAD, 5, "`@`"),
        (HEAD + "permit (principal, action, resource)\nwhen { foo(1) };", 1, "`foo`"),
        (HEAD + 'permit (principal, action, resource)\nwhen { "a;b" == "c };', 3, "token"),
    ],
)
def test_a_syntax_error_is_named_with_its_file_and_line(text: str, line: int, says: str) -> None:
    message = refused(text)
    assert message.startswith(f"mine.cedar:{line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (
            'permit (principal, action == Action::"propose", resource) when { context.rws > 1 };',
            "rws",
        ),
        ('permit (principal, action == Action::"drop", resource);', 'Action::"drop"'),
        ('permit (principal == User::"ana", action == Action::"vote", resource);', "User"),
        (
            'forbid (principal, action == Action::"propose", resource)'
            " when { context.rows + 1 > 2 };",
            "`+`",
        ),
        (
            'forbid (principal, action == Action::"propose", resource)'
            " when { -context.rows < 0 || context.rows * 2 - 1 > 2 };",
            "`*`",
        ),
        (
            'forbid (principal, action == Action::"propose", resource)'
            ' when { decimal("1.0") == decimal("2.0") };',
            "`decimal`",
        ),
        ('permit (principal == ?principal, action == Action::"propose", resource);', "template"),
        ("permit (principal, action, resource);", "@votes"),
        ('permit (principal, action == Action::"apply_after_approval", resource);', "@votes"),
        ('@votes("0") permit (principal, action, resource);', "from 1 to 99"),
        ('@votes("two") permit (principal, action, resource);', "from 1 to 99"),
        ('@votes("2") permit (principal, action == Action::"propose", resource);', "only"),
        ('@votes("2") forbid (principal, action, resource);', "only"),
        ('@votes("1") @role permit (principal, action, resource);', "@role"),
        ('@votes("1") @seats("2") permit (principal, action, resource);', "of a @role"),
        ('@votes("1") @role("a") @seats("0") permit (principal, action, resource);', "1 to 99"),
        ('@seats("2") permit (principal, action == Action::"propose", resource);', "only"),
        (
            'permit (principal, action == Action::"auto_apply", resource)'
            " when { context.confidence_permille >= 990 };",
            "may not rest on",
        ),
        ('forbid (principal == Person::"Ana", action, resource);', '"ana"'),
        ('forbid (principal, action, resource) when { resource.owner == " Ana" };', '"ana"'),
        (
            "forbid (principal is Person, action, resource)"
            ' when { ["Ana"].contains(principal.name) };',
            '"ana"',
        ),
    ],
)
def test_a_policy_that_could_fail_or_mislead_is_refused(policy: str, says: str) -> None:
    message = refused("\n" + HEAD + policy)
    assert all(line.startswith("mine.cedar:2: x: ") for line in message.splitlines())
    assert says in message


@pytest.mark.parametrize(
    "asks",
    [
        "unless { context.confidence_permille < 990 }",
        "when { context.confidence_permille == 1000 }",
        'when { context["confidence_permille"] >= 990 }',
        "when { context.rows < 3 && !(context.confidence_permille < 990) }",
        "when { if context.confidence_permille > 989 then true else false }",
        "when { [1000].contains(context.confidence_permille) }",
    ],
)
def test_no_permit_rests_on_confidence_and_a_forbid_may(asks: str) -> None:
    rule = f'(principal, action == Action::"auto_apply", resource) {asks};'
    assert "confidence_permille" in refused(f"{HEAD}permit {rule}")
    load_policies({"mine.cedar": f"{HEAD}forbid {rule}"})


@pytest.mark.parametrize("missing", ["id", "reason", "owner"])
def test_every_policy_says_its_id_reason_and_owner(missing: str) -> None:
    tags = "".join(f'@{name}("n") ' for name in ("id", "reason", "owner") if name != missing)
    message = refused(tags + 'permit (principal, action == Action::"propose", resource);')
    assert f"@{missing}" in message
    assert refused(tags + f"@{missing} permit (principal, action, resource);").count("\n") == 1


def test_an_id_is_taken_once_over_all_files() -> None:
    policy = '@id("{}") @reason("r") @owner("o") forbid (principal, action, resource);'
    with pytest.raises(BadInput) as caught:
        load_policies({"a.cedar": policy.format("one"), "b.cedar": "\n" + policy.format("one")})
    assert caught.value.message == "b.cedar:2: one: this @id is taken already, at a.cedar:1"
    assert "hard.cedar:" in refused(policy.format("agents-never-vote"))


def test_every_problem_gets_its_own_line() -> None:
    message = refused(HEAD + "forbid (principal action);\n" + HEAD + "permit (;")
    assert [line.split(" ")[0] for line in message.splitlines()] == [
        "mine.cedar:2:",
        "mine.cedar:4:",
    ]


def test_a_site_file_may_be_called_as_the_hard_one_and_still_permit() -> None:
    load_policies({"hard.cedar": HEAD + 'permit (principal, action == Action::"vote", resource);'})


def test_a_recorded_set_is_rebuilt_to_the_same_digest() -> None:
    policies = load_policies(default_site())
    assert policies_from(policies.recorded) == policies
    assert policies_from(policies.recorded).digest == policies.digest


def test_a_set_recorded_by_another_engine_is_judged_by_the_one_of_today() -> None:
    policies = load_policies(default_site())
    old = policies.model_copy(update={"engine": "cedarpy 0"})
    assert policies_from(old.recorded) == policies
    assert policies_from(old.recorded).digest != old.digest


def test_the_digest_covers_every_text_and_the_engine() -> None:
    policies = load_policies(default_site())
    others = [
        policies.model_copy(update={"hard": policies.hard + "\n"}),
        policies.model_copy(update={"site": (("site.cedar", ""),)}),
        policies.model_copy(update={"site": (("other.cedar", policies.site[0][1]),)}),
        policies.model_copy(update={"schema_text": policies.schema_text + "\n"}),
        policies.model_copy(update={"engine": "cedarpy 0"}),
    ]
    assert len({policies.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"hard": 1}', "not json"])
def test_a_recorded_text_that_is_no_policy_set_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="recorded policy set"):
        policies_from(text)


def test_a_recorded_hard_set_may_only_forbid() -> None:
    policies = load_policies({})
    loose = HEAD + 'permit (principal, action == Action::"propose", resource);'
    with pytest.raises(BadInput, match=r"hard\.cedar:1: x: a hard policy only forbids"):
        policies_from(policies.model_copy(update={"hard": loose}).recorded)


def test_each_commented_example_of_the_shipped_site_set_works() -> None:
    text = default_site()["site.cedar"]
    examples = [block for block in text.split("\n\n") if "\n// @id(" in block]
    assert len(examples) == text.count("// @id(") == 7
    for example in examples:
        head, _, policy = example.partition("\n//\n")
        assert head.startswith("// ")
        uncommented = "\n".join(line.removeprefix("// ") for line in policy.splitlines())
        assert load_policies({"site.cedar": text, "more.cedar": uncommented})
