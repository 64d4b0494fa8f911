-- companies: companies and memberships of the product database; what the people of the affected
-- companies did

-- For a session of one’s own: where staging tables are.
set enable_case_sensitive_identifier to true;

-- Nothing after this stage reads these.
drop table if exists "tributary"."staging__company_touches";
drop table if exists "tributary"."staging__company_credits";
drop table if exists "tributary"."staging__product_companies";
drop table if exists "tributary"."staging__product_members";

-- This stage writes nothing when the run is published: later stages read its staging tables.
