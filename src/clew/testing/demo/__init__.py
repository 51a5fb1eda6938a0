"""The application of `clew up --demo`: four small web services, instrumented by hand with the OpenTelemetry SDK.

They are real servers that call one another over HTTP on localhost and keep a real (in-memory) database; a visitor
walks through the shop now and then. What Clew shows is what happened.
"""
