-- Says what stands in the way of an append: 4 times the version of its stream, plus 2 if that is
-- closed, plus 1 if one of these events is stored already. It is a function because a statement
-- opens each table that it may read, and appends that are not refused would pay for that.
CREATE FUNCTION es_why_not(text, text, text, uuid[]) RETURNS bigint LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
	SELECT coalesce((SELECT version * 4 + closed::int * 2 FROM es_streams WHERE tenant = $1 AND category = $2 AND stream = $3), 0)
		+ EXISTS (SELECT FROM es_events WHERE event_id = ANY ($4))::int
$$;
