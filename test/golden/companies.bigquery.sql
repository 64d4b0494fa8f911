-- companies: companies and memberships of the product database; what the people of the affected
-- companies did

-- No product database is configured: this stage does nothing.

-- This stage writes nothing when the run is published: later stages read its staging tables.
