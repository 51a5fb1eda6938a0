"""Messages between checkout and payments; `payments_pb2.py` is generated from `payments.proto`.

`python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. payments.proto`, in this folder.
"""
