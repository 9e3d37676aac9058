CREATE VIEW analytics.catalog_gap AS
SELECT
    p.source AS catalogue,
    p.sku,
    p.title,
    p.category,
    g.profile,
    g.product_version,
    g.missing,
    g.created_at AS found_at,
    g.announced_at
FROM app.gap AS g
INNER JOIN app.product AS p ON g.product_id = p.id;

COMMENT ON VIEW analytics.catalog_gap IS
'Products that say too little of themselves for a description, and the attributes that they lack.';
COMMENT ON COLUMN analytics.catalog_gap.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.catalog_gap.product_version IS 'The version of the product that lacks them.';
COMMENT ON COLUMN analytics.catalog_gap.found_at IS 'When it was found.';
