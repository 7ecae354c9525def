package stmt

import "github.com/ksqlgo/ksql/exec"

// propertyKind is what a property's value must be.
type propertyKind uint8

const (
	textProperty propertyKind = iota
	boolProperty
	intProperty
	longProperty
)

// property is one of ksqlDB's own. def empty: it has no default.
type property struct {
	name string
	kind propertyKind
	def  string
}

// immutable is what no session can override.
var immutable = []string{
	"bootstrap.servers", "ksql.extension.dir", "ksql.query.persistent.active.limit", "ksql.pull.queries.enable",
	"ksql.hidden.topics", "ksql.readonly.topics", "ksql.source.table.materialization.enabled", "ksql.headers.columns.enabled",
}

// editable is what a session may override for its queries (in ksqlDB's shared runtimes, too).
var editable = []string{
	"ksql.fail.on.deserialization.error", "ksql.cast.strings.preserve.nulls", "ksql.nested.error.set.null",
	"ksql.query.retry.backoff.max.ms", "ksql.query.pull.max.allowed.offset.lag", "ksql.query.pull.table.scan.enabled",
	"ksql.query.pull.range.scan.enabled", "ksql.query.pull.stream.enabled", "ksql.query.pull.limit.clause.enabled",
	"ksql.timestamp.throw.on.invalid", "ksql.query.push.v2.enabled",
}

// serverProperties is sorted by name.
var serverProperties = []property{
	{"ksql.access.validator.enable", textProperty, "auto"},
	{"ksql.advertised.listener", textProperty, ""},
	{"ksql.assert.schema.default.timeout.ms", intProperty, "1000"},
	{"ksql.assert.topic.default.timeout.ms", intProperty, "1000"},
	{"ksql.authorization.cache.expiry.time.secs", longProperty, "30"},
	{"ksql.authorization.cache.max.entries", longProperty, "10000"},
	{"ksql.cast.strings.preserve.nulls", boolProperty, "true"},
	{"ksql.connect.url", textProperty, ""},
	{"ksql.connect.worker.config", textProperty, ""},
	{"ksql.create.or.replace.enabled", boolProperty, "true"},
	{"ksql.create.topic.inherit.source.replicas.enabled", boolProperty, "true"},
	{"ksql.endpoint.logging.ignored.paths.regex", textProperty, ""},
	{"ksql.endpoint.logging.log.queries", boolProperty, "false"},
	{"ksql.endpoint.migrate.query", boolProperty, "true"},
	{"ksql.error.classifier.regex", textProperty, ""},
	{"ksql.extension.dir", textProperty, "ext"},
	{"ksql.fail.on.deserialization.error", boolProperty, "false"},
	{"ksql.fail.on.production.error", boolProperty, "true"},
	{"ksql.fetch.remote.hosts.max.timeout.seconds", longProperty, "10"},
	{"ksql.headers.columns.enabled", boolProperty, "true"},
	{"ksql.healthcheck.interval.ms", longProperty, "5000"},
	{"ksql.heartbeat.enable", boolProperty, "false"},
	{"ksql.hidden.topics", textProperty, exec.SystemTopics},
	{"ksql.insert.into.values.enabled", boolProperty, "true"},
	{"ksql.internal.topic.min.insync.replicas", textProperty, "1"},
	{"ksql.internal.topic.replicas", textProperty, "1"},
	{"ksql.json_sr.converter.deserializer.enabled", boolProperty, "true"},
	{"ksql.lag.reporting.enable", boolProperty, "false"},
	{"ksql.lambdas.enabled", boolProperty, "true"},
	{"ksql.logging.processing.rows.include", boolProperty, "false"},
	{"ksql.logging.processing.stream.auto.create", boolProperty, "false"},
	{"ksql.logging.processing.stream.name", textProperty, "KSQL_PROCESSING_LOG"},
	{"ksql.logging.processing.topic.auto.create", boolProperty, "false"},
	{"ksql.logging.processing.topic.name", textProperty, ""},
	{"ksql.max.push.queries", intProperty, "100"},
	{"ksql.nested.error.set.null", boolProperty, "true"},
	{"ksql.new.query.planner.enabled", boolProperty, "false"},
	{"ksql.output.topic.name.prefix", textProperty, ""},
	{"ksql.persistence.default.format.key", textProperty, "KAFKA"},
	{"ksql.persistence.default.format.value", textProperty, ""},
	{"ksql.persistence.wrap.single.values", boolProperty, ""},
	{"ksql.persistent.prefix", textProperty, "query_"},
	{"ksql.properties.overrides.allowlist", textProperty, ""},
	{"ksql.properties.overrides.denylist", textProperty, ""},
	{"ksql.properties.overrides.validation.mode", textProperty, "denylist"},
	{"ksql.pull.queries.enable", boolProperty, "true"},
	{"ksql.query.cleanup.shutdown.timeout.ms", longProperty, "30000"},
	{"ksql.query.error.max.queue.size", intProperty, "10"},
	{"ksql.query.persistent.active.limit", intProperty, "2147483647"},
	{"ksql.query.persistent.max.bytes.buffering.total", longProperty, "-1"},
	{"ksql.query.pull.cancel.on.disconnect.enabled", boolProperty, "false"},
	{"ksql.query.pull.enable.standby.reads", boolProperty, "false"},
	{"ksql.query.pull.interpreter.enabled", boolProperty, "true"},
	{"ksql.query.pull.limit.clause.enabled", boolProperty, "true"},
	{"ksql.query.pull.max.allowed.offset.lag", longProperty, "9223372036854775807"},
	{"ksql.query.pull.max.concurrent.requests", intProperty, "2147483647"},
	{"ksql.query.pull.max.hourly.bandwidth.megabytes", intProperty, "2147483647"},
	{"ksql.query.pull.max.qps", intProperty, "2147483647"},
	{"ksql.query.pull.metrics.enabled", boolProperty, "true"},
	{"ksql.query.pull.range.scan.enabled", boolProperty, "true"},
	{"ksql.query.pull.router.thread.pool.size", intProperty, "50"},
	{"ksql.query.pull.stream.enabled", boolProperty, "true"},
	{"ksql.query.pull.table.scan.enabled", boolProperty, "true"},
	{"ksql.query.pull.thread.pool.size", intProperty, "50"},
	{"ksql.query.push.v2.catchup.consumer.msg.window", intProperty, "50"},
	{"ksql.query.push.v2.continuation.tokens.enabled", boolProperty, "false"},
	{"ksql.query.push.v2.enabled", boolProperty, "false"},
	{"ksql.query.push.v2.interpreter.enabled", boolProperty, "true"},
	{"ksql.query.push.v2.max.hourly.bandwidth.megabytes", intProperty, "2147483647"},
	{"ksql.query.push.v2.registry.installed", boolProperty, "false"},
	{"ksql.query.retry.backoff.initial.ms", longProperty, "15000"},
	{"ksql.query.retry.backoff.max.ms", longProperty, "900000"},
	{"ksql.query.status.running.threshold.seconds", intProperty, "300"},
	{"ksql.query.transient.max.bytes.buffering.total", longProperty, "-1"},
	{"ksql.readonly.topics", textProperty, exec.SystemTopics},
	{"ksql.runtime.feature.shared.enabled", boolProperty, "false"},
	{"ksql.schema.registry.url", textProperty, ""},
	{"ksql.server.command.blocked.threshold.error.ms", longProperty, "15000"},
	{"ksql.server.command.response.timeout.ms", longProperty, "5000"},
	{"ksql.server.command.topic.rate.limit", textProperty, ""},
	{"ksql.service.id", textProperty, "default_"},
	{"ksql.shared.runtimes.count", intProperty, "2"},
	{"ksql.sink.partitions", intProperty, ""},
	{"ksql.sink.replicas", intProperty, ""},
	{"ksql.sink.window.change.log.additional.retention", longProperty, "1000000"},
	{"ksql.source.table.materialization.enabled", boolProperty, "true"},
	{"ksql.streams.shutdown.timeout.ms", longProperty, "300000"},
	{"ksql.suppress.buffer.size.bytes", longProperty, "-1"},
	{"ksql.suppress.enabled", boolProperty, "true"},
	{"ksql.timestamp.throw.on.invalid", boolProperty, "false"},
	{"ksql.transient.prefix", textProperty, "transient_"},
	{"ksql.transient.query.cleanup.service.enable", boolProperty, "true"},
	{"ksql.udf.collect.metrics", boolProperty, "false"},
	{"ksql.udf.enable.security.manager", boolProperty, "true"},
	{"ksql.udfs.enabled", boolProperty, "true"},
	{"ksql.variable.substitution.enable", boolProperty, "true"},
	{"ksql.websocket.connection.max.timeout.ms", longProperty, "3600000"},
	{"ksql.windowed.session.key.legacy", boolProperty, "false"},
	{"ksql.wrap.single.values", boolProperty, ""},
}

// kafkaProperties are the settings of Kafka's streams, consumers and producers, by kind. They are known so that
// clients may send them; those in kafkaDefaults are listed.
var kafkaProperties = [...][]string{
	textProperty: {
		"acceptable.recovery.lag", "acks", "allow.auto.create.topics", "application.id", "application.server", "auto.offset.reset",
		"bootstrap.servers", "built.in.metrics.version", "client.dns.lookup", "client.id", "client.rack", "compression.type",
		"config.providers", "default.client.supplier", "default.deserialization.exception.handler", "default.dsl.store",
		"default.key.serde", "default.list.key.serde.inner", "default.list.key.serde.type", "default.list.value.serde.inner",
		"default.list.value.serde.type", "default.production.exception.handler", "default.timestamp.extractor",
		"default.value.serde", "deserialization.exception.handler", "dsl.store.suppliers.class", "group.id",
		"group.instance.id", "group.protocol", "group.remote.assignor", "interceptor.classes", "internal.task.assignor.class",
		"isolation.level", "key.deserializer", "key.serializer", "log.summary.interval.ms", "metadata.recovery.strategy",
		"metric.reporters", "metrics.recording.level", "partition.assignment.strategy", "partition.grouper", "partitioner.class",
		"processing.exception.handler", "processing.guarantee", "production.exception.handler", "rack.aware.assignment.strategy",
		"rack.aware.assignment.tags", "rocksdb.config.setter", "sasl.client.callback.handler.class", "sasl.jaas.config",
		"sasl.kerberos.kinit.cmd", "sasl.kerberos.service.name", "sasl.login.callback.handler.class", "sasl.login.class",
		"sasl.mechanism", "security.protocol", "security.providers", "state.dir", "task.assignor.class", "topology.optimization",
		"transactional.id", "upgrade.from", "value.deserializer", "value.serializer", "window.size.ms", "windowed.inner.class.serde",
		"__emit.interval.ms.kstreams.windowed.aggregation__",
	},
	boolProperty: {
		"auto.include.jmx.reporter", "check.crcs", "enable.auto.commit", "enable.idempotence", "enable.metrics.push",
		"exclude.internal.topics", "partitioner.ignore.keys", "use.exact.numeric.comparison",
	},
	intProperty: {
		"auto.commit.interval.ms", "batch.size", "buffered.records.per.partition", "default.api.timeout.ms", "delivery.timeout.ms",
		"fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes", "heartbeat.interval.ms", "max.block.ms",
		"max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.poll.interval.ms", "max.poll.records",
		"max.request.size", "max.warmup.replicas", "metrics.num.samples", "num.standby.replicas", "num.stream.threads",
		"rack.aware.assignment.non_overlap_cost", "rack.aware.assignment.traffic_cost", "receive.buffer.bytes",
		"replication.factor", "request.timeout.ms", "retries", "send.buffer.bytes", "session.timeout.ms", "transaction.timeout.ms",
	},
	longProperty: {
		"buffer.memory", "cache.max.bytes.buffering", "commit.interval.ms", "connections.max.idle.ms", "linger.ms",
		"max.task.idle.ms", "metadata.max.age.ms", "metadata.max.idle.ms", "metadata.recovery.rebootstrap.trigger.ms",
		"metrics.sample.window.ms", "poll.ms", "probing.rebalance.interval.ms", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
		"repartition.purge.interval.ms", "retry.backoff.max.ms", "retry.backoff.ms", "socket.connection.setup.timeout.max.ms",
		"socket.connection.setup.timeout.ms", "state.cleanup.delay.ms", "statestore.cache.max.bytes", "task.timeout.ms",
		"windowstore.changelog.additional.retention.ms",
	},
}

// kafkaDefaults are those that this engine gives a meaning.
var kafkaDefaults = map[string]string{"auto.offset.reset": "latest", "processing.guarantee": "exactly_once_v2"}
