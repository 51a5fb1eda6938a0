/** The names by which pages know the generated types. */
export type {
  CompletionModel as Completion,
  FieldKey as FieldRow,
  FieldValue,
  FieldValues,
  Histogram as HistogramData,
  Ledger,
  Meta,
  ParseResult,
  SearchPage,
  SearchRow as TraceRow,
  Series,
  SeriesAnswer,
  Status,
} from "./types.gen";

import type { Meta } from "./types.gen";

/** The frame of every answer. */
export interface Answer<T> {
  data: T;
  meta: Meta;
}
