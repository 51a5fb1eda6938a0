"""The functions that a query may call, by category; whatever is not here is refused."""

from __future__ import annotations

CATEGORIES: dict[str, str] = {
    "counting and sums": """
        count sum sumKahan sumWithOverflow sumCount avg avgWeighted min max any anyLast anyHeavy first_value
        last_value argMin argMax uniq uniqExact uniqCombined uniqCombined64 uniqHLL12 uniqUpTo groupBitAnd groupBitOr
        groupBitXor sumMap minMap maxMap sumMappedArrays minMappedArrays maxMappedArrays deltaSum deltaSumTimestamp
        boundingRatio singleValueOrNull intervalLengthSum maxIntersections maxIntersectionsPosition""",
    "distribution": """
        median quantile quantiles quantileExact quantilesExact quantileExactWeighted quantilesExactWeighted
        quantileExactLow quantileExactHigh quantileExactInclusive quantilesExactInclusive quantileExactExclusive
        quantilesExactExclusive quantileTDigest quantilesTDigest quantileTDigestWeighted quantilesTDigestWeighted
        quantileTiming quantilesTiming quantileTimingWeighted quantilesTimingWeighted quantileBFloat16
        quantilesBFloat16 quantileDD quantilesDD quantileGK quantilesGK quantileDeterministic quantilesDeterministic
        histogram stddevPop stddevSamp varPop varSamp covarPop covarSamp corr rankCorr skewPop skewSamp kurtPop
        kurtSamp entropy gini simpleLinearRegression studentTTest welchTTest mannWhitneyUTest kolmogorovSmirnovTest
        meanZTest exponentialMovingAverage exponentialTimeDecayedAvg exponentialTimeDecayedCount
        exponentialTimeDecayedMax exponentialTimeDecayedSum cramersV theilsU contingency sparkbar sparkBar""",
    "collecting": """
        topK topKWeighted approx_top_k approx_top_sum groupArray groupUniqArray groupArrayLast groupArraySample
        groupArraySorted groupArrayMovingAvg groupArrayMovingSum groupArrayIntersect groupConcat
        largestTriangleThreeBuckets""",
    "sequences": """
        windowFunnel retention sequenceMatch sequenceCount sequenceMatchEvents""",
    "windows": """
        row_number rank dense_rank denseRank percent_rank percentRank cume_dist ntile nth_value lag lead lagInFrame
        leadInFrame nonNegativeDerivative""",
    "numbers": """
        abs sign round roundBankers roundDown roundToExp2 floor ceil ceiling trunc truncate sqrt cbrt exp exp2 exp10
        log ln log2 log10 log1p pow power hypot sin cos tan asin acos atan atan2 sinh cosh tanh degrees radians pi e
        erf sigmoid plus minus multiply divide intDiv intDivOrZero modulo positiveModulo mod negate gcd lcm max2 min2
        greatest least clamp isFinite isInfinite isNaN ifNotFinite divideOrNull moduloOrNull intDivOrNull midpoint
        widthBucket bitAnd bitOr bitXor bitNot bitShiftLeft bitShiftRight bitTest bitCount byteSwap""",
    "conditions": """
        if multiIf and or not xor equals notEquals less greater lessOrEquals greaterOrEquals isNull isNotNull
        isZeroOrNull ifNull nullIf coalesce assumeNotNull toNullable transform isDistinctFrom isNotDistinctFrom
        firstNonDefault""",
    "text": """
        length lengthUTF8 char_length empty notEmpty lower upper lowerUTF8 upperUTF8 lcase ucase initcap reverse
        reverseUTF8 concat concatWithSeparator concat_ws substring substringUTF8 substr mid left leftUTF8 right
        rightUTF8 leftPad lpad leftPadUTF8 rightPad rpad rightPadUTF8 trimLeft ltrim trimRight rtrim trimBoth trim
        startsWith startsWithUTF8 startsWithCaseInsensitive endsWith endsWithUTF8 endsWithCaseInsensitive repeat space
        format ascii char position positionUTF8 positionCaseInsensitive positionCaseInsensitiveUTF8 locate
        countSubstrings countSubstringsCaseInsensitive hasToken hasTokenCaseInsensitive hasTokenOrNull hasSubsequence
        hasSubsequenceCaseInsensitive like notLike ilike notILike replace replaceOne replaceAll translate overlay
        substringIndex splitByChar splitByString splitByWhitespace splitByNonAlpha alphaTokens tokens ngrams
        arrayStringConcat firstLine isValidUTF8 toValidUTF8 normalizeUTF8NFC stringJaccardIndex editDistance
        levenshteinDistance damerauLevenshteinDistance jaroSimilarity jaroWinklerSimilarity ngramDistance ngramSearch
        byteSize soundex caseFoldUTF8 naturalSortKey""",
    "regular expressions": """
        match extract extractAll extractGroups extractAllGroups extractAllGroupsVertical extractAllGroupsHorizontal
        regexpExtract replaceRegexpOne replaceRegexpAll splitByRegexp countMatches countMatchesCaseInsensitive
        regexpQuoteMeta multiSearchAny multiSearchAnyCaseInsensitive multiSearchFirstIndex multiSearchFirstPosition
        multiSearchAllPositions multiMatchAny multiMatchAnyIndex multiMatchAllIndices""",
    "addresses": """
        protocol domain domainWithoutWWW topLevelDomain firstSignificantSubdomain cutToFirstSignificantSubdomain port
        path pathFull queryString fragment queryStringAndFragment extractURLParameter extractURLParameters
        extractURLParameterNames URLHierarchy URLPathHierarchy cutQueryString cutFragment cutQueryStringAndFragment
        cutURLParameter cutWWW decodeURLComponent encodeURLComponent netloc toIPv4 toIPv6 toIPv4OrNull toIPv6OrNull
        toIPv4OrDefault toIPv6OrDefault isIPv4String isIPv6String isIPAddressInRange IPv4NumToString IPv4StringToNum
        IPv6NumToString IPv6StringToNum IPv4CIDRToRange IPv6CIDRToRange""",
    "arrays": """
        array range arrayConcat arrayElement arrayElementOrNull has hasAll hasAny hasSubstr indexOf arrayCount
        countEqual arrayEnumerate arrayEnumerateUniq arrayEnumerateDense arrayPopBack arrayPopFront arrayPushBack
        arrayPushFront arrayResize arraySlice arraySort arrayReverseSort arrayPartialSort arrayUniq arrayDistinct
        arrayIntersect arrayUnion arrayExcept arrayReduce arrayReverse arrayFlatten arrayCompact arrayZip
        arrayZipUnaligned arrayMap arrayFilter arrayFill arrayReverseFill arraySplit arrayReverseSplit arrayExists
        arrayAll arrayFirst arrayFirstOrNull arrayFirstIndex arrayLast arrayLastOrNull arrayLastIndex arrayMin
        arrayMax arraySum arrayAvg arrayCumSum arrayCumSumNonNegative arrayProduct arrayDifference arrayJoin
        arrayWithConstant arrayFold arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight arrayDotProduct
        arrayRemove notHas emptyArrayString emptyArrayUInt64 emptyArrayFloat64""",
    "maps and tuples": """
        map mapFromArrays mapKeys mapValues mapContains mapContainsKey mapContainsKeyLike mapContainsValue
        mapContainsValueLike mapExtractKeyLike mapExtractValueLike mapFilter mapApply mapExists mapAll mapConcat
        mapUpdate mapAdd mapSubtract mapSort mapReverseSort mapPopulateSeries extractKeyValuePairs tuple tupleElement
        tuplePlus tupleMinus tupleConcat untuple tupleToNameValuePairs tupleNames""",
    "JSON": """
        JSONExtract JSONExtractString JSONExtractInt JSONExtractUInt JSONExtractFloat JSONExtractBool JSONExtractRaw
        JSONExtractArrayRaw JSONExtractKeys JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSONHas JSONLength
        JSONType JSONKey JSONArrayLength JSON_VALUE JSON_QUERY JSON_EXISTS isValidJSON simpleJSONExtractString
        simpleJSONExtractInt simpleJSONExtractUInt simpleJSONExtractFloat simpleJSONExtractBool simpleJSONExtractRaw
        simpleJSONHas toJSONString""",
    "time": """
        now now64 today yesterday toStartOfNanosecond toStartOfMicrosecond toStartOfMillisecond toStartOfSecond
        toStartOfMinute toStartOfFiveMinutes toStartOfFiveMinute toStartOfTenMinutes toStartOfFifteenMinutes
        toStartOfHour toStartOfDay toStartOfWeek toStartOfMonth toStartOfQuarter toStartOfYear toStartOfISOYear
        toStartOfInterval toMonday toLastDayOfMonth toYear toQuarter toMonth toDayOfYear toDayOfMonth toDayOfWeek
        toHour toMinute toSecond toMillisecond toMicrosecond toNanosecond toISOWeek toISOYear toWeek toYearWeek
        toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toRelativeDayNum toRelativeHourNum toRelativeMinuteNum
        toRelativeSecondNum toUnixTimestamp toUnixTimestamp64Second toUnixTimestamp64Milli toUnixTimestamp64Micro
        toUnixTimestamp64Nano fromUnixTimestamp fromUnixTimestamp64Second fromUnixTimestamp64Milli
        fromUnixTimestamp64Micro fromUnixTimestamp64Nano addYears addQuarters addMonths addWeeks addDays addHours
        addMinutes addSeconds addMilliseconds addMicroseconds addNanoseconds addDate addInterval subtractYears
        subtractQuarters subtractMonths subtractWeeks subtractDays subtractHours subtractMinutes subtractSeconds
        subtractMilliseconds subtractMicroseconds subtractNanoseconds subDate dateDiff date_diff datediff age
        dateTrunc date_trunc dateAdd date_add dateSub date_sub timestamp_add timestamp_sub timeDiff dateName monthName
        formatDateTime date_format parseDateTime parseDateTimeBestEffort parseDateTimeBestEffortOrNull
        parseDateTime64BestEffort parseDateTime64BestEffortOrNull toTimeZone timeZoneOf timeZoneOffset timeSlot
        timeSlots makeDate makeDateTime makeDateTime64 tumble hop tumbleStart tumbleEnd hopStart hopEnd year month day
        hour minute second dayOfWeek dayOfMonth toIntervalNanosecond toIntervalMicrosecond toIntervalMillisecond
        toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth
        toIntervalQuarter toIntervalYear""",
    "conversion": """
        toString toUInt8 toUInt16 toUInt32 toUInt64 toInt8 toInt16 toInt32 toInt64 toInt128 toFloat32 toFloat64 toBool
        toUInt8OrZero toUInt16OrZero toUInt32OrZero toUInt64OrZero toInt8OrZero toInt16OrZero toInt32OrZero
        toInt64OrZero toFloat32OrZero toFloat64OrZero toUInt8OrNull toUInt16OrNull toUInt32OrNull toUInt64OrNull
        toInt8OrNull toInt16OrNull toInt32OrNull toInt64OrNull toFloat32OrNull toFloat64OrNull toUInt64OrDefault
        toInt64OrDefault toFloat64OrDefault toDecimal32 toDecimal64 toDecimal128 toDate toDate32 toDateTime
        toDateTime64 toDateOrNull toDateOrZero toDateTimeOrNull toDateTimeOrZero toDateTime64OrNull toDateTime64OrZero
        CAST accurateCast accurateCastOrNull accurateCastOrDefault toTypeName toFixedString toLowCardinality hex unhex
        bin base64Encode base64Decode tryBase64Decode reinterpretAsUInt64 reinterpretAsInt64 formatReadableSize
        formatReadableDecimalSize formatReadableQuantity formatReadableTimeDelta bar materialize toUUID toUUIDOrNull""",
    "hashes": """
        cityHash64 sipHash64 sipHash128 xxHash32 xxHash64 xxh3 murmurHash3_32 murmurHash3_64 farmHash64 halfMD5 MD5
        SHA1 SHA256 intHash32 intHash64 CRC32""",
}
"""Names as the engine writes them; case does not matter here, it may to the engine."""

_COMBINATORS = ("if", "distinct", "ornull", "ordefault", "array", "foreach", "map", "argmin", "argmax")
_AGGREGATES = ("counting and sums", "distribution", "collecting", "sequences")

SYNTAX = frozenset({"date_add", "date_sub", "dateadd", "datesub", "timestamp_add", "timestamp_sub", "untuple"})
"""What looks like a function and is written as another by the engine's parser."""
ALLOWED = frozenset(name.lower() for names in CATEGORIES.values() for name in names.split())
_COMBINED = frozenset(name.lower() for category in _AGGREGATES for name in CATEGORIES[category].split())

_OPERATOR_NAMES = """
    in notIn globalIn globalNotIn nullIn notNullIn globalNullIn globalNotNullIn exists lambda caseWithExpression concat
    tupleElement arrayElement trimBoth trimLeft trimRight CAST _CAST tuple array toYear toDayOfMonth grouping"""
OPERATORS = frozenset(_OPERATOR_NAMES.lower().split())
"""What the engine makes of operators and keywords; some of them cannot be called by name."""


def is_allowed(name: str) -> bool:
    """Return whether a query may call a function: a listed one, or an aggregate one with suffixes such as `If`."""
    return name.lower() in ALLOWED or _is_combined(name.lower())


def _is_combined(lowered: str) -> bool:
    rests = [lowered.removesuffix(suffix) for suffix in _COMBINATORS if lowered.endswith(suffix)]
    return any(rest in _COMBINED or _is_combined(rest) for rest in rests)
