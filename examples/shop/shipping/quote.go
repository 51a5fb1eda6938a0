package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

//go:embed tariffs/*.json
var tariffs embed.FS

type zone struct {
	Cents int `json:"cents"`
	PerKg int `json:"per_kg"`
	Days  int `json:"days"`
}

type tariff struct {
	Name  string          `json:"name"`
	Zones map[string]zone `json:"zones"`
}

type shipping struct {
	faults   *faults
	instance string
	labels   labels
}

func load(name string) (tariff, error) {
	var read tariff
	text, err := tariffs.ReadFile("tariffs/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	return read, err
}

// tariff reads the configured tariff. Fault config-drift: the second instance was never given this year's.
func (s *shipping) tariff() (tariff, error) {
	if strings.HasSuffix(s.instance, "-b") && s.faults.on("config-drift") {
		return load("2025-01")
	}
	return load("2026-01")
}

func (s *shipping) quote(w http.ResponseWriter, r *http.Request) {
	span := trace.SpanFromContext(r.Context())
	country := r.URL.Query().Get("country")
	grams, err := strconv.Atoi(r.URL.Query().Get("grams"))
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "grams is no whole number"})
		return
	}
	tariff, err := s.tariff()
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	span.SetAttributes(
		attribute.String("shipping.country", country),
		attribute.String("shipping.tariff", tariff.Name),
		attribute.Int("shipping.grams", grams),
	)
	zone, known := tariff.Zones[country]
	if !known {
		err := fmt.Errorf("tariff %s has no price to %q", tariff.Name, country)
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		answer(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		return
	}
	label := s.labels.reserve(r.Context())
	cents := zone.Cents + zone.PerKg*(grams/1000)
	answer(w, http.StatusOK, map[string]any{
		"country": country, "cents": cents, "days": zone.Days, "label": label, "tariff": tariff.Name,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
