"""Graph: network, partition, place and route, execution instances; how an experiment is laid out on chips and in time.

May import runtime, containers and coord. This layer has no content yet.
"""
