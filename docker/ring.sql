-- Who asks the server of compose.yaml, every five seconds.
SET 'sql-client.execution.result-mode' = 'tableau';

CREATE TABLE packets (
  `timestamp` TIMESTAMP_LTZ(3),
  ip_src STRING,
  original_length INT,
  dst_port INT,
  WATERMARK FOR `timestamp` AS SOURCE_WATERMARK()
) WITH ('connector' = 'ringtap', 'interface' = 'eth0');

SELECT window_start, ip_src, COUNT(*) AS frames, SUM(original_length) AS total
FROM TABLE(TUMBLE(TABLE packets, DESCRIPTOR(`timestamp`), INTERVAL '5' SECOND))
WHERE dst_port = 8000
GROUP BY window_start, window_end, ip_src;
