"""The lists behind invoices, as the API shows them; how a company is billed, as a part of the company."""

from psa_billing import list_rules, shapes
from psa_billing.list_tables import BillingProfile, Product, ProductPrice, TaxCategory, TaxRate
from psa_sdk import Extension, Resource, ToMany, ToOne

tax_categories = Resource(
    name="tax-categories",
    title="Tax categories",
    table=TaxCategory,
    read=shapes.TaxCategoryRead,
    write=shapes.TaxCategoryWrite,
    filters=(TaxCategory.key, TaxCategory.treatment, TaxCategory.is_default),
    sorts=(TaxCategory.name, TaxCategory.created_at),
    default_sort="name",
    label=TaxCategory.name,
    import_keys=(TaxCategory.key,),
    before_create=list_rules.write_tax_category,
    before_update=list_rules.write_tax_category,
)


tax_rates = Resource(
    name="tax-rates",
    title="Tax rates",
    table=TaxRate,
    read=shapes.TaxRateRead,
    write=shapes.TaxRateWrite,
    relations=(ToOne("tax_category", "tax-categories", TaxRate.tax_category, inverse="rates"),),
    filters=(TaxRate.name, TaxRate.tax_category, TaxRate.jurisdiction, TaxRate.is_active),
    sorts=(TaxRate.sort_order, TaxRate.name, TaxRate.created_at),
    default_sort="sort_order",
    label=TaxRate.name,
    before_create=list_rules.write_tax_rate,
    before_update=list_rules.write_tax_rate,
)


products = Resource(
    name="products",
    title="Products",
    description="The catalogue: what is sold, at which price.",
    table=Product,
    read=shapes.ProductRead,
    write=shapes.ProductWrite,
    relations=(
        ToOne("tax_category", "tax-categories", Product.tax_category),
        ToMany("prices", "product-prices", ProductPrice.product, create=True),
    ),
    filters=(Product.name, Product.sku, Product.is_active),
    sorts=(Product.name, Product.sku, Product.created_at),
    default_sort="name",
    search=(Product.name, Product.sku),
    label=Product.name,
    import_keys=(Product.sku,),
    before_create=list_rules.write_product,
    before_update=list_rules.write_product,
)


prices = Resource(
    name="product-prices",
    title="Prices",
    description="A product's price in a currency from a date on, for one company or all.",
    table=ProductPrice,
    read=shapes.PriceRead,
    write=shapes.PriceWrite,
    relations=(
        ToOne("product", "products", ProductPrice.product, required=True),
        ToOne("company", "companies", ProductPrice.company),
    ),
    filters=(ProductPrice.product, ProductPrice.company, ProductPrice.currency),
    sorts=(ProductPrice.starts_on, ProductPrice.created_at),
    default_sort="-starts_on",
    before_create=list_rules.write_price,
    before_update=list_rules.write_price,
)


profile = Extension(
    resource="companies",
    table=BillingProfile,
    column=BillingProfile.company,
    read=shapes.ProfileRead,
    write=shapes.ProfileWrite,
    filters=(BillingProfile.tax_status,),
)

ALL = (tax_categories, tax_rates, products, prices)
