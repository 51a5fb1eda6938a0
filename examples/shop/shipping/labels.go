package main

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

const (
	compactEvery = 500 * time.Millisecond
	compactTakes = 400 * time.Millisecond
)

// labels numbers parcels; one lock guards the book they are written to.
type labels struct {
	book sync.Mutex
	last int
}

// reserve returns the next number, when the book is free.
func (l *labels) reserve(ctx context.Context) int {
	_, span := otel.Tracer("shipping").Start(ctx, "reserve label")
	defer span.End()
	l.book.Lock()
	defer l.book.Unlock()
	span.AddEvent("lock acquired")
	l.last++
	return l.last
}

// compact writes the book anew from time to time. Fault label-lock: it holds the lock while it waits for the disk.
func (l *labels) compact(ctx context.Context, f *faults) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(compactEvery - compactTakes):
		}
		if f.on("label-lock") {
			_, span := otel.Tracer("shipping").Start(ctx, "compact labels")
			l.book.Lock()
			time.Sleep(compactTakes)
			l.book.Unlock()
			span.End()
		}
	}
}
