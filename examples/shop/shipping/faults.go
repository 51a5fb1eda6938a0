package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const lookEvery = 100 * time.Millisecond

// faults is what the run directory's faults.json switches on.
type faults struct {
	path            string
	mu              sync.Mutex
	looked, changed time.Time
	known           map[string]struct{ Share float64 }
}

func faultsOf(run string) *faults { return &faults{path: filepath.Join(run, "faults.json")} }

// on tells whether a fault is on for this call: its share is drawn anew each time.
func (f *faults) on(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) >= lookEvery {
		f.looked = time.Now()
		f.look()
	}
	return rand.Float64() < f.known[name].Share
}

// look reads the file again if it is another; while there is none, or none that can be read, nothing is on.
func (f *faults) look() {
	at, err := os.Stat(f.path)
	if err != nil {
		f.known, f.changed = nil, time.Time{}
		return
	}
	if at.ModTime().Equal(f.changed) {
		return
	}
	f.known, f.changed = nil, at.ModTime()
	if text, err := os.ReadFile(f.path); err == nil {
		_ = json.Unmarshal(text, &f.known)
	}
}
