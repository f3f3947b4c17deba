"""Plain PySpark in this process' machine: python with_pyspark.py JOB.json."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from quality_child import Job, finish, read_job


def checked(job: Job) -> dict[str, int]:
    """Failing rows by name: one aggregate for rows, one for each check of groups."""
    builder = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", "4g").config(
        "spark.sql.session.timeZone", "UTC"
    )
    builder = builder.config("spark.sql.shuffle.partitions", "8")
    spark = builder.getOrCreate()
    orders, customers = spark.read.parquet(*job.orders), spark.read.parquet(*job.customers)
    found = _found(job, orders, customers)
    gateway = spark.sparkContext._gateway
    spark.stop()
    # The virtual machine has done the work: its time counts once it has ended.
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    return found


def _found(job: Job, orders, customers) -> dict[str, int]:
    fails, groups = {}, {}
    for name, rule in job.checks.items():
        column = f.col(rule["column"]) if "column" in rule else None
        match rule["kind"]:
            case "not_null":
                fails[name] = column.isNull()
            case "pattern":
                fails[name] = ~column.rlike(job.regex(name))
            case "accepted_values":
                fails[name] = ~column.isin(rule["values"])
            case "rejected_values":
                fails[name] = column.isin(rule["values"])
            case "range":
                fails[name] = ~column.between(rule["minimum"], rule["maximum"])
            case "row_rule":
                fails[name] = f.col(rule["left"]) < f.col(rule["right"])
            case "unique":
                [on] = rule["on"]
                counts = orders.where(f.col(on).isNotNull()).groupBy(on).count()
                groups[name] = counts.where("count > 1").agg(f.sum("count"))
            case "dependency":
                pairs = orders.groupBy("city", "country").count().groupBy("city")
                cities = pairs.agg((f.sum("count") - f.max("count")).alias("lost"))
                groups[name] = cities.agg(f.sum("lost"))
            case "foreign_key":
                present = orders.where(f.col("customer_id").isNotNull())
                groups[name] = present.join(f.broadcast(customers), "customer_id", "left_anti").agg(
                    f.count("*")
                )
    newest = f.max("ordered_at").alias("newest")
    row = orders.agg(newest, *(f.count_if(one).alias(name) for name, one in fails.items())).first()
    found = {name: row[name] for name in fails}
    found |= {name: frame.first()[0] or 0 for name, frame in groups.items()}
    age = job.now.timestamp() - row["newest"].timestamp()
    kinds = dict(orders.dtypes)
    return found | {
        "orders_fresh": int(age > 48 * 3600),
        "total_is_number": job.rows * (not kinds["total"].startswith("decimal")),
        "ordered_is_time": job.rows * (kinds["ordered_at"] != "timestamp"),
    }


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job))
