// What it costs to send a parcel: GET /quote?country=DE&grams=1200 -> {"country", "cents", "days", "label", "tariff"}.
// Environment: SHOP_PORT, SHOP_RUN, SHOP_INSTANCE (such as shipping-b); the SDK reads OTEL_*.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const flushWithin = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	provider, err := traced(ctx)
	if err != nil {
		log.Fatal(err)
	}
	server := http.Server{Addr: "127.0.0.1:" + os.Getenv("SHOP_PORT"), Handler: handler(ctx), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the shop that started this process is gone
		stop()
	}()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	flush, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	if err := provider.Shutdown(flush); err != nil {
		log.Fatal(err)
	}
}

// traced sets the unmodified SDK up as its documentation does.
func traced(ctx context.Context) (*sdk.TracerProvider, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return provider, nil
}

func handler(ctx context.Context) http.Handler {
	shop := &shipping{faults: faultsOf(os.Getenv("SHOP_RUN")), instance: os.Getenv("SHOP_INSTANCE")}
	go shop.labels.compact(ctx, shop.faults)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /quote", shop.quote)
	return otelhttp.NewHandler(mux, "shipping")
}
