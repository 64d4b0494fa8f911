-- companies: companies and memberships of the product database; what the people of the affected
-- companies did

-- For a session of one’s own: where staging tables are.
attach if not exists ':memory:' as staging;

-- Nothing after this stage reads these.
drop table if exists staging.main."company_touches";
drop table if exists staging.main."company_credits";
drop table if exists staging.main."product_companies";
drop table if exists staging.main."product_members";

-- This stage writes nothing when the run is published: later stages read its staging tables.
