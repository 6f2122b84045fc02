"""The log in Kafka: its records as Avro, its topics."""
