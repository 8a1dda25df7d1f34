"""Credits: exact amounts in, exact amounts out, and nothing else gets in."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexmeter.core.credits import MAX_CREDITS, MICRO, CreditsError, format_credits, parse_credits, to_number

AMOUNTS = st.integers(0, MAX_CREDITS * MICRO)


@pytest.mark.parametrize(
    ("value", "micro"),
    [
        pytest.param(40, 40_000_000, id="a whole number"),
        pytest.param(Decimal("3.27"), 3_270_000, id="a decimal"),
        pytest.param("27.5", 27_500_000, id="a person's text"),
        pytest.param(" 27.5 ", 27_500_000, id="with spaces"),
        pytest.param(Decimal("0.1") + Decimal("0.2"), 300_000, id="where a float would be off"),
        pytest.param(Decimal("-0"), 0, id="a negative zero"),
        pytest.param(Decimal("1E+2"), 100_000_000, id="in exponents"),
        pytest.param(Decimal("0.0000005"), 0, id="half a micro-credit goes to even"),
        pytest.param(Decimal("0.0000015"), 2, id="the next half goes to even too"),
        pytest.param(Decimal("1e-400"), 0, id="next to nothing"),
        pytest.param(Decimal("1e-999999"), 0, id="nothing by any measure"),
        pytest.param("0." + "3" * 100_000, 333_333, id="a hundred thousand digits"),
        pytest.param(MAX_CREDITS, MAX_CREDITS * MICRO, id="the most there can be"),
    ],
)
def test_an_amount_is_read_exactly(value: object, micro: int) -> None:
    assert parse_credits(value) == micro


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param(27.5, "27.5 is not a number of credits", id="a float"),
        pytest.param(True, "True is not a number of credits", id="a boolean"),
        pytest.param(None, "None is not a number of credits", id="nothing"),
        pytest.param([1], "[1] is not a number of credits", id="a list"),
        pytest.param("", "'' is not a number of credits", id="an empty text"),
        pytest.param("27,5", "'27,5' is not a number of credits", id="a comma"),
        pytest.param(Decimal("NaN"), "NaN is not a finite number of credits", id="not a number"),
        pytest.param(Decimal("sNaN"), "sNaN is not a finite number of credits", id="a signalling one"),
        pytest.param("Infinity", "Infinity is not a finite number of credits", id="infinity"),
        pytest.param(Decimal("-Infinity"), "-Infinity is not a finite number of credits", id="minus infinity"),
        pytest.param(-1, "-1 is negative", id="negative"),
        pytest.param(Decimal("1e308"), "1e+308 is above 1000000000 credits", id="a float's largest"),
        pytest.param(MAX_CREDITS + 1, "1.00e+9 is above 1000000000 credits", id="one too many"),
        pytest.param("9" * 100_000, "1.00e+100000 is above 1000000000 credits", id="a hundred thousand nines"),
        pytest.param(10**5_000, "1.00e+5000 is above 1000000000 credits", id="a whole number too long to print"),
        pytest.param(-(10**5_000), "-1.00e+5000 is negative", id="a negative one too long to print"),
        pytest.param("1e999999999999999999", "1e+999999999999999999 is above 1000000000 credits", id="huge"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(value: object, why: str) -> None:
    with pytest.raises(CreditsError) as error:
        parse_credits(value)
    assert str(error.value) == why


@given(AMOUNTS)
def test_an_amount_comes_back_from_its_decimal_text(micro: int) -> None:
    assert parse_credits(Decimal(micro) / MICRO) == micro


@given(st.integers(-(10**15), 10**15))
def test_the_number_in_json_tells_every_micro_credit(micro: int) -> None:
    told = json.loads(json.dumps(to_number(micro)), parse_float=Decimal)
    assert round(Decimal(told) * MICRO) == micro


@pytest.mark.parametrize(
    ("micro", "shown"),
    [
        (0, "0"),
        (40_000_000, "40"),
        (100_000_000, "100"),
        (27_500_000, "27.5"),
        (333_333, "0.33"),
        (5_000, "0"),
        (15_000, "0.02"),
        (-4_999, "0"),
        (-3_500_000, "-3.5"),
        (999_999_999, "1000"),
    ],
)
def test_eyes_see_at_most_two_decimals(micro: int, shown: str) -> None:
    assert format_credits(micro) == shown


@given(st.integers(-(10**21), 10**21))
def test_what_eyes_see_is_the_nearest_hundredth(micro: int) -> None:
    assert abs(Decimal(format_credits(micro)) - Decimal(micro) / MICRO) <= Decimal("0.005")
