-- Nothing reads the totals by their last use; each fold had to keep the index up.
DROP INDEX totals_by_last_use;
