"""What breaks: one module for each fault that needs more than a line at the place where it strikes.

A service asks `shop.faults` whether a fault is on; what then happens is real where it can be: real locks, refused
connections, expired certificates, full scans, kills.
"""
