"""Messages of other systems' protocols, generated from `schemas/proto` by `make contracts`."""
