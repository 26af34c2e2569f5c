"""Rating in SQL; what the comparing module asserts is told in full."""

import pytest

pytest.register_assert_rewrite("tests.expenses.pricing.comparing")
