package sql

// word numbers the fixed tokens: signs, keywords, and the classes of tokens that error texts name. The order
// is that of ksqlDB's lexer, because its messages list expected tokens in it.
type word uint8

const (
	noWord word = iota
	wEOF

	// Signs without a name in ksqlDB's grammar.
	wSemi
	wLParen
	wComma
	wRParen
	wDot
	wLambda
	wLBracket
	wRBracket
	wAssign

	// Keywords.
	wEmit
	wChanges
	wFinal
	wSelect
	wFrom
	wAs
	wAll
	wDistinct
	wWhere
	wWithin
	wWindow
	wGroup
	wBy
	wHaving
	wLimit
	wAt
	wOr
	wAnd
	wIn
	wNot
	wExists
	wBetween
	wLike
	wEscape
	wIs
	wNull
	wTrue
	wFalse
	wInteger
	wDate
	wTime
	wTimestamp
	wInterval
	wYear
	wMonth
	wDay
	wHour
	wMinute
	wSecond
	wMillisecond
	wYears
	wMonths
	wDays
	wHours
	wMinutes
	wSeconds
	wMilliseconds
	wZone
	wTumbling
	wHopping
	wSize
	wAdvance
	wRetention
	wGrace
	wPeriod
	wCase
	wWhen
	wThen
	wElse
	wEnd
	wJoin
	wFull
	wOuter
	wInner
	wLeft
	wRight
	wOn
	wPartition
	wStruct
	wWith
	wValues
	wCreate
	wTable
	wTopic
	wStream
	wStreams
	wInsert
	wDelete
	wInto
	wDescribe
	wExtended
	wPrint
	wExplain
	wAnalyze
	wType
	wTypes
	wCast
	wShow
	wList
	wTables
	wTopics
	wQuery
	wQueries
	wTerminate
	wPause
	wResume
	wLoad
	wColumns
	wColumn
	wPartitions
	wFunctions
	wFunction
	wDrop
	wTo
	wRename
	wArray
	wMap
	wSet
	wDefine
	wUndefine
	wReset
	wSession
	wSample
	wExport
	wCatalog
	wProperties
	wBeginning
	wUnset
	wRun
	wScript
	wDecimal
	wKey
	wConnector
	wConnectors
	wSink
	wSource
	wNamespace
	wMaterialized
	wView
	wPrimary
	wReplace
	wAssert
	wAdd
	wAlter
	wVariables
	wPlugins
	wHeaders
	wHeader
	wSystem
	wTimeout
	wSchema
	wSubject
	wId
	wIf
	wString

	// Operators.
	wEq
	wNe
	wLt
	wLe
	wGt
	wGe
	wPlus
	wMinus
	wStar
	wSlash
	wPercent
	wConcat
	wArrow

	// Classes of tokens, for error texts only.
	wStringToken
	wIntegerToken
	wDecimalToken
	wFloatToken
	wIdentToken

	wordCount
)

const (
	firstKeyword = wEmit
	lastKeyword  = wString
)

// wordText is the text of a word; keywords in upper case.
var wordText = [wordCount]string{
	wEOF: "<EOF>", wSemi: ";", wLParen: "(", wComma: ",", wRParen: ")", wDot: ".", wLambda: "=>", wLBracket: "[", wRBracket: "]", wAssign: ":=",
	wEq: "=", wNe: "NEQ", wLt: "<", wLe: "<=", wGt: ">", wGe: ">=", wPlus: "+", wMinus: "-", wStar: "*", wSlash: "/", wPercent: "%",
	wConcat: "||", wArrow: "->",
	wStringToken: "STRING", wIntegerToken: "INTEGER_VALUE", wDecimalToken: "DECIMAL_VALUE", wFloatToken: "FLOATING_POINT_VALUE",
	wIdentToken: "IDENTIFIER",

	wEmit: "EMIT", wChanges: "CHANGES", wFinal: "FINAL", wSelect: "SELECT", wFrom: "FROM", wAs: "AS", wAll: "ALL",
	wDistinct: "DISTINCT", wWhere: "WHERE", wWithin: "WITHIN", wWindow: "WINDOW", wGroup: "GROUP", wBy: "BY",
	wHaving: "HAVING", wLimit: "LIMIT", wAt: "AT", wOr: "OR", wAnd: "AND", wIn: "IN", wNot: "NOT", wExists: "EXISTS",
	wBetween: "BETWEEN", wLike: "LIKE", wEscape: "ESCAPE", wIs: "IS", wNull: "NULL", wTrue: "TRUE", wFalse: "FALSE",
	wInteger: "INTEGER", wDate: "DATE", wTime: "TIME", wTimestamp: "TIMESTAMP", wInterval: "INTERVAL", wYear: "YEAR",
	wMonth: "MONTH", wDay: "DAY", wHour: "HOUR", wMinute: "MINUTE", wSecond: "SECOND", wMillisecond: "MILLISECOND",
	wYears: "YEARS", wMonths: "MONTHS", wDays: "DAYS", wHours: "HOURS", wMinutes: "MINUTES", wSeconds: "SECONDS",
	wMilliseconds: "MILLISECONDS", wZone: "ZONE", wTumbling: "TUMBLING", wHopping: "HOPPING", wSize: "SIZE",
	wAdvance: "ADVANCE", wRetention: "RETENTION", wGrace: "GRACE", wPeriod: "PERIOD", wCase: "CASE", wWhen: "WHEN",
	wThen: "THEN", wElse: "ELSE", wEnd: "END", wJoin: "JOIN", wFull: "FULL", wOuter: "OUTER", wInner: "INNER",
	wLeft: "LEFT", wRight: "RIGHT", wOn: "ON", wPartition: "PARTITION", wStruct: "STRUCT", wWith: "WITH",
	wValues: "VALUES", wCreate: "CREATE", wTable: "TABLE", wTopic: "TOPIC", wStream: "STREAM", wStreams: "STREAMS",
	wInsert: "INSERT", wDelete: "DELETE", wInto: "INTO", wDescribe: "DESCRIBE", wExtended: "EXTENDED",
	wPrint: "PRINT", wExplain: "EXPLAIN", wAnalyze: "ANALYZE", wType: "TYPE", wTypes: "TYPES", wCast: "CAST",
	wShow: "SHOW", wList: "LIST", wTables: "TABLES", wTopics: "TOPICS", wQuery: "QUERY", wQueries: "QUERIES",
	wTerminate: "TERMINATE", wPause: "PAUSE", wResume: "RESUME", wLoad: "LOAD", wColumns: "COLUMNS",
	wColumn: "COLUMN", wPartitions: "PARTITIONS", wFunctions: "FUNCTIONS", wFunction: "FUNCTION", wDrop: "DROP",
	wTo: "TO", wRename: "RENAME", wArray: "ARRAY", wMap: "MAP", wSet: "SET", wDefine: "DEFINE", wUndefine: "UNDEFINE",
	wReset: "RESET", wSession: "SESSION", wSample: "SAMPLE", wExport: "EXPORT", wCatalog: "CATALOG",
	wProperties: "PROPERTIES", wBeginning: "BEGINNING", wUnset: "UNSET", wRun: "RUN", wScript: "SCRIPT",
	wDecimal: "DECIMAL", wKey: "KEY", wConnector: "CONNECTOR", wConnectors: "CONNECTORS", wSink: "SINK",
	wSource: "SOURCE", wNamespace: "NAMESPACE", wMaterialized: "MATERIALIZED", wView: "VIEW", wPrimary: "PRIMARY",
	wReplace: "REPLACE", wAssert: "ASSERT", wAdd: "ADD", wAlter: "ALTER", wVariables: "VARIABLES",
	wPlugins: "PLUGINS", wHeaders: "HEADERS", wHeader: "HEADER", wSystem: "SYSTEM", wTimeout: "TIMEOUT",
	wSchema: "SCHEMA", wSubject: "SUBJECT", wId: "ID", wIf: "IF", wString: "STRING",
}

// nonReserved marks the keywords that are identifiers too.
var nonReserved = [wordCount]bool{
	wEmit: true, wChanges: true, wFinal: true, wEscape: true, wInteger: true, wDate: true, wTime: true,
	wTimestamp: true, wInterval: true, wYear: true, wMonth: true, wDay: true, wHour: true, wMinute: true,
	wSecond: true, wZone: true, wGrace: true, wPeriod: true, wPartition: true, wStruct: true, wExplain: true,
	wAnalyze: true, wType: true, wTypes: true, wShow: true, wTables: true, wColumns: true, wColumn: true,
	wPartitions: true, wFunctions: true, wFunction: true, wArray: true, wMap: true, wSet: true, wDefine: true,
	wUndefine: true, wReset: true, wSession: true, wKey: true, wSink: true, wSource: true, wPrimary: true,
	wReplace: true, wAssert: true, wAdd: true, wAlter: true, wVariables: true, wPlugins: true, wHeaders: true,
	wHeader: true, wSystem: true, wTimeout: true, wSchema: true, wSubject: true, wId: true, wIf: true, wString: true,
}

// timeUnit gives the plural of the words that name a time unit.
var timeUnit = [wordCount]string{
	wDay: "DAYS", wDays: "DAYS", wHour: "HOURS", wHours: "HOURS", wMinute: "MINUTES", wMinutes: "MINUTES",
	wSecond: "SECONDS", wSeconds: "SECONDS", wMillisecond: "MILLISECONDS", wMilliseconds: "MILLISECONDS",
}

// keywords finds a keyword by its text in upper case.
var keywords = func() map[string]word {
	m := make(map[string]word, lastKeyword-firstKeyword+1)
	for w := firstKeyword; w <= lastKeyword; w++ {
		m[wordText[w]] = w
	}
	return m
}()

// display is how ksqlDB's messages write an expected token.
func (w word) display() string {
	switch w {
	case wEOF, wNe, wStringToken, wIntegerToken, wDecimalToken, wFloatToken, wIdentToken:
		return wordText[w]
	}
	return "'" + wordText[w] + "'"
}
