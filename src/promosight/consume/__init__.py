"""Events out of Kafka: read as a member of a consumer group, and reported to any server over HTTP."""
