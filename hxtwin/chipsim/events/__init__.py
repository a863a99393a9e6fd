"""Event network: from the link, the background sources and the neurons to the synapses and back to the link."""
