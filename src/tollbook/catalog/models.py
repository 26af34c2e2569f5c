"""Tables of what is sold: units, regions, products, features, plans and their prices."""

from typing import Any, Final

from django.db import models

from tollbook.catalog.rules import CalcRuleType, CountryZone, RoundOperation

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 38, "decimal_places": 12}


class Currency(models.Model):
    """ISO 4217; ``minor_unit`` is the number of decimals an invoice is rounded to."""

    id = models.AutoField(primary_key=True)
    char_code = models.CharField(max_length=3, unique=True)
    number_code = models.IntegerField(null=True, blank=True)
    name_en = models.CharField(max_length=255)
    symbol = models.CharField(max_length=10, null=True, blank=True)
    minor_unit = models.PositiveSmallIntegerField(default=2)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "currencies"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(char_code__regex=r"^[A-Z]{3}$"), name="currency_char_code"
            ),
        )

    def __str__(self) -> str:
        return self.char_code


class Country(models.Model):
    """ISO 3166-1, with the zone and the currency that the business gives it."""

    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=255)
    zone = models.CharField(max_length=5, choices=CountryZone.choices)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    disabled = models.BooleanField(default=False)

    class Meta:
        ordering = ("code",)
        verbose_name_plural = "countries"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(zone__in=CountryZone.values), name="country_zone"
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z]{2}$"), name="country_code"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A part of a country, such as a state; ``code`` is unique in it."""

    id = models.AutoField(primary_key=True)
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="regions")
    code = models.CharField(max_length=3)
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("country", "code"), name="region_code_once"),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^\w{1,3}$"), name="region_code"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """What an amount of usage counts, such as a gigabyte or an hour."""

    id = models.AutoField(primary_key=True)
    internal_name = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Metric(models.Model):
    """What is measured; ``ext_name`` is the name that clients see."""

    id = models.AutoField(primary_key=True)
    internal_name = models.CharField(max_length=64, unique=True)
    ext_name = models.CharField(max_length=255)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.ext_name


class ProductCategory(models.Model):
    """A group of products, such as those that a bonus credit is good for."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=255, unique=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "product categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A service with plans of its own."""

    id = models.AutoField(primary_key=True)
    internal_name = models.CharField(max_length=25, unique=True)
    name_en = models.CharField(max_length=255)
    category = models.ForeignKey(ProductCategory, on_delete=models.PROTECT)
    archive = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name_en


class StatisticRegion(models.Model):
    """Where usage is counted, for one product or for all."""

    id = models.AutoField(primary_key=True)
    uuid = models.UUIDField(unique=True)
    int_name = models.CharField(max_length=255)
    ext_name = models.CharField(max_length=255)
    name_en = models.CharField(max_length=255, null=True, blank=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.ext_name


class Feature(models.Model):
    """One thing of a product that is measured and priced."""

    id = models.AutoField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="features")
    internal_name = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT)
    erp_sku_id = models.CharField(max_length=64, null=True, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class CalcRule(models.Model):
    """A named way from quantity and price to an amount."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=255)
    rule_type = models.CharField(max_length=16, choices=CalcRuleType.choices)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class RoundingRule(models.Model):
    """Usage is rounded up or down to a multiple of ``value`` units, once a day."""

    id = models.AutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    value = models.DecimalField(max_digits=32, decimal_places=8)
    round_operation = models.CharField(max_length=5, choices=RoundOperation.choices)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(value__gt=0), name="rounding_value_positive"),
        )

    def __str__(self) -> str:
        return f"{self.round_operation} to {self.value.normalize():f} {self.unit}"


class Plan(models.Model):
    """A tariff for one product."""

    id = models.AutoField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="plans")
    name = models.CharField(max_length=255)
    archive = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class PlanItem(models.Model):
    """One priced feature of a plan; ``unit_size`` metric units make one billed ``unit``."""

    id = models.AutoField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="items")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT)
    calc_rule = models.ForeignKey(CalcRule, on_delete=models.PROTECT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    unit_size = models.DecimalField(max_digits=32, decimal_places=8, default=1)
    rounding_rule = models.ForeignKey(RoundingRule, on_delete=models.PROTECT, null=True, blank=True)
    default = models.BooleanField(default=True)
    default_value = models.DecimalField(max_digits=32, decimal_places=8, default=0)
    comment = models.CharField(max_length=1000, null=True, blank=True)
    description = models.CharField(max_length=1000, null=True, blank=True)
    regions = models.ManyToManyField(StatisticRegion, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(unit_size__gt=0), name="unit_size_positive"),
            models.CheckConstraint(
                condition=models.Q(default_value__gte=0), name="default_value_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plan}: {self.feature}"


class Price(models.Model):
    """What one unit of a plan item, or a month of its commit, costs in a currency."""

    id = models.AutoField(primary_key=True)
    plan_item = models.ForeignKey(PlanItem, on_delete=models.CASCADE, related_name="prices")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    money_value = models.DecimalField(**_AMOUNT)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("plan_item", "currency"), name="price_once_a_currency"),
            models.CheckConstraint(
                condition=models.Q(money_value__gte=0), name="price_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.money_value} {self.currency}"


class PriceStage(models.Model):
    """From ``threshold`` units on, one unit costs ``money_value``."""

    id = models.AutoField(primary_key=True)
    price = models.ForeignKey(Price, on_delete=models.CASCADE, related_name="stages")
    threshold = models.DecimalField(**_AMOUNT)
    money_value = models.DecimalField(**_AMOUNT)

    class Meta:
        ordering = ("price", "threshold")
        constraints = (
            models.UniqueConstraint(fields=("price", "threshold"), name="price_stage_once"),
            models.CheckConstraint(
                condition=models.Q(threshold__gte=0, money_value__gte=0),
                name="price_stage_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"from {self.threshold}: {self.money_value}"
